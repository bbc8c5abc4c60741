import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { pino } from 'pino';
import { Refused } from '../../workers/notify/channel.ts';
import { createEmailChannel } from '../../workers/notify/email.ts';
import { type SmtpServer, sendMail } from '../../workers/notify/smtp.ts';
import { evil, message } from '../support/notices.ts';
import { readMail } from '../support/read-mail.ts';
import { type SmtpServerOptions, makeCertificate, startSmtpServer } from '../support/smtp-server.ts';
import { until } from '../support/until.ts';

const silent = pino({ level: 'silent' });
const never = new AbortController().signal;

describe('notifier by SMTP', () => {
  const certificate = makeCertificate();
  const encrypted = { skip: certificate === null ? 'openssl is not installed' : false };
  const withTls = certificate === null ? {} : { certificate };
  const login = { user: 'tocsin', password: 'pässwörd' };

  async function smtp(test: TestContext, options: SmtpServerOptions, changes: Partial<SmtpServer> = {}) {
    const server = await startSmtpServer(options);
    test.after(() => server.close());
    const to: SmtpServer = {
      host: 'localhost',
      port: server.port,
      security: 'none',
      login: null,
      ca: null,
      ...changes,
    };
    const channel = createEmailChannel({
      server: to,
      from: 'tocsin@a.test',
      to: ['x@b.test', 'y@b.test'],
      logger: silent,
    });
    return { server, to, channel };
  }

  it('a mail arrives for everybody, readable, and the connection is closed', async (t) => {
    const { server, channel } = await smtp(t, {});
    await channel.send(message({ title: 'eu: läuft nicht 🔔'.repeat(8), text: 'reason: ü\n.\nend' }), never);
    const [mail] = server.mails;
    assert.deepEqual([mail?.from, mail?.to, mail?.encrypted], ['tocsin@a.test', ['x@b.test', 'y@b.test'], false]);
    const { headers, body } = readMail(mail?.data ?? '');
    assert.equal(headers['subject'], `[critical] ${'eu: läuft nicht 🔔'.repeat(8)}`);
    assert.equal(headers['message-id'], '<0d9bb1f0-8d3f-4e39-a5a3-2a3a1ff6d4c1@a.test>');
    assert.equal(headers['date'], 'Mon, 01 Jun 2026 12:00:00 +0000');
    assert.equal(body, 'reason: ü\r\n.\r\nend\r\n\r\nhttp://ui.test/runs/1');
    assert.ok(server.lines.every((line) => line.length <= 78));
    await until('nothing is left open', () => server.openConnections() === 0);
  });

  it('foreign text in every field makes no command, no header and no second mail', async (t) => {
    const { server, channel } = await smtp(t, {});
    await channel.send(evil, never);
    assert.equal(server.mails.length, 1);
    assert.deepEqual(server.mails[0]?.to, ['x@b.test', 'y@b.test']);
    const { headers } = readMail(server.mails[0]?.data ?? '');
    assert.deepEqual(Object.keys(headers), [
      'from',
      'to',
      'subject',
      'date',
      'message-id',
      'references',
      'auto-submitted',
      'mime-version',
      'content-type',
      'content-transfer-encoding',
    ]);
  });

  it('dots at the beginning of a line are stuffed, whatever the line ends are', async (t) => {
    const { server, to } = await smtp(t, {});
    await sendMail(
      to,
      { from: 'a@a.test', to: ['b@b.test'], data: '.a\n..\r\n.\rMAIL FROM:<evil@evil.test>\n.' },
      never,
    );
    assert.deepEqual(
      server.mails.map(({ data }) => data),
      ['.a\r\n..\r\n.\r\nMAIL FROM:<evil@evil.test>\r\n.'],
    );
  });

  it('an address that would be a command is refused, before and at the wire', async (t) => {
    const { server, to } = await smtp(t, {});
    for (const address of [
      'a@b.test>\r\nRCPT TO:<eve@evil.test',
      'a@b.test\nDATA',
      'a@b.test\0',
      'a b@c.test',
      '<a@b.test>',
    ]) {
      assert.throws(
        () => createEmailChannel({ server: to, from: 'a@a.test', to: [address], logger: silent }),
        /is no e-mail address/,
      );
      if (/[\r\n\0]/.test(address))
        await assert.rejects(sendMail(to, { from: 'a@a.test', to: [address], data: '' }, never), Refused);
    }
    assert.equal(server.lines.filter((line) => line.includes('eve@') || line.includes('RCPT')).length, 0);
  });

  for (const auth of ['PLAIN', 'LOGIN'] as const) {
    it(`STARTTLS, then AUTH ${auth}: nothing but the greeting in clear`, encrypted, async (t) => {
      const options = { ...withTls, auth, password: login.password };
      const { server, channel } = await smtp(t, options, {
        security: 'starttls',
        login,
        ca: certificate?.cert ?? null,
      });
      await channel.send(message(), never);
      assert.deepEqual([server.mails[0]?.encrypted, server.mails[0]?.user], [true, 'tocsin']);
      assert.deepEqual(server.lines.slice(0, 3), ['EHLO [127.0.0.1]', 'STARTTLS', 'EHLO [127.0.0.1]']);
      await until('nothing is left open', () => server.openConnections() === 0);
    });
  }

  it('TLS from the first byte', encrypted, async (t) => {
    const { server, channel } = await smtp(
      t,
      { ...withTls, implicit: true },
      { security: 'tls', ca: certificate?.cert ?? null },
    );
    await channel.send(message(), never);
    assert.equal(server.mails[0]?.encrypted, true);
  });

  it('a certificate that nobody known has signed is not trusted', encrypted, async (t) => {
    const { server, channel } = await smtp(t, { ...withTls, auth: 'PLAIN' }, { security: 'starttls', login });
    await assert.rejects(channel.send(message(), never), /self-signed certificate/);
    assert.equal(server.lines.length, 2);
  });

  it('without STARTTLS nothing is sent when security requires it', async (t) => {
    const { server, channel } = await smtp(t, { auth: 'PLAIN' }, { security: 'starttls', login });
    await assert.rejects(channel.send(message(), never), /localhost does not offer STARTTLS/);
    assert.deepEqual(server.lines, ['EHLO [127.0.0.1]']);
  });

  it('an answer smuggled in before TLS ends the conversation', encrypted, async (t) => {
    const answer = (line: string) => (line === 'STARTTLS' ? '220 go on\r\n250 AUTH PLAIN' : undefined);
    const { server, channel } = await smtp(t, { ...withTls, answer }, { security: 'starttls', login });
    await assert.rejects(channel.send(message(), never), /says more than it was asked/);
    assert.equal(server.lines.length, 2);
  });

  it('a wrong password is refused, and no error holds it', async (t) => {
    const { channel } = await smtp(t, { auth: 'PLAIN', password: 'other' }, { login });
    await assert.rejects(channel.send(message(), never), (error) => {
      assert.ok(error instanceof Refused);
      assert.equal(error.message, 'localhost answered 535 to AUTH PLAIN: wrong password');
      return true;
    });
  });

  for (const [why, line, reply, expected, permanent] of [
    ['greylisting', 'RCPT TO:<x@b.test>', '451 later', /answered 451 to RCPT/, false],
    ['a full disk', '.', '452 full', /answered 452 to the mail: full/, false],
    ['a forbidden sender', 'MAIL FROM:<tocsin@a.test>', '550-not\r\n550 you', /550 to MAIL FROM.*: not you/, true],
    ['an end without goodbye', 'DATA', '421 closing', /421 to DATA/, false],
    ['no SMTP at all', '', 'SSH-2.0-x\r\n'.repeat(2_000), /longer than 16384/, false],
  ] as const) {
    it(`${why} is ${permanent ? 'final' : 'tried again later'}`, async (t) => {
      const { server, channel } = await smtp(t, { answer: (given) => (given === line ? reply : undefined) });
      await assert.rejects(channel.send(message(), never), (error) => {
        assert.match(String(error), expected);
        assert.equal(error instanceof Refused, permanent);
        return true;
      });
      assert.equal(server.mails.length, 0);
      await until('nothing is left open', () => server.openConnections() === 0);
    });
  }

  it('one recipient that is refused does not take the mail from the others', async (t) => {
    const { server, to } = await smtp(t, { answer: (line) => (line.includes('gone@') ? '550 nobody' : undefined) });
    const mail = { from: 'a@a.test', to: ['gone@b.test', 'x@b.test'], data: 'hello' };
    assert.deepEqual(await sendMail(to, mail, never), ['gone@b.test']);
    assert.deepEqual(server.mails[0]?.to, ['x@b.test']);
    await assert.rejects(sendMail(to, { ...mail, to: ['gone@b.test'] }, never), Refused);
  });

  for (const silentAt of ['', 'EHLO [127.0.0.1]', 'DATA', '.']) {
    it(`a server that falls silent ${silentAt === '' ? 'at once' : `at ${silentAt}`} is left when the time is over`, async (t) => {
      const { server, channel } = await smtp(t, { answer: (line) => (line === silentAt ? null : undefined) });
      const late = new AbortController();
      const sending = channel.send(message(), late.signal);
      await until('it is that far', () =>
        silentAt === '' ? server.openConnections() === 1 : server.lines.includes(silentAt),
      );
      late.abort(new Error('no answer in time'));
      await assert.rejects(sending, /no answer in time/);
      await until('nothing is left open', () => server.openConnections() === 0);
    });
  }
});
