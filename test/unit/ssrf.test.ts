/**
 * Ways to lead a request to an address of this machine or a private network: none connects anywhere, as every socket of this process and a
 * listening canary tell.
 */
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, type Server, Socket, createServer } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { createHttp } from '../../activities/http.ts';

describe('requests that must not leave', () => {
  let canary: Server;
  let connections = 0;
  /** Addresses that a socket of this process has tried. */
  const attempts: string[] = [];
  const { connect } = Socket.prototype;
  before(async () => {
    Socket.prototype.connect = function (this: Socket, ...args: readonly unknown[]) {
      this.on('connectionAttempt', (address: string) => attempts.push(address));
      return Reflect.apply(connect, this, args) as Socket;
    } as typeof connect;
    canary = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    canary.listen(0, '::');
    await once(canary, 'listening');
  });
  after(() => {
    Socket.prototype.connect = connect;
    canary.close();
  });
  beforeEach(() => attempts.splice(0));

  /** `origin` is what configuration allows, by mistake, without `private`. */
  const refused = async (url: string, origin: string): Promise<void> => {
    const http = createHttp({ allow: [{ origin }], timeoutMs: 2_000 });
    await assert.rejects(
      http.request({ method: 'GET', url }),
      (error) => error instanceof ApplicationFailure && error.type === 'HttpRefused' && error.nonRetryable === true,
    );
    assert.deepEqual([attempts, connections], [[], 0]);
  };

  for (const host of [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '017700000001',
    '0177.0.0.1',
    '0',
    '0.0.0.0',
    '127.0.0.1.',
    '①②⑦.0.0.1',
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '169.254.169.254',
    '169.254.169.254.',
    '169.254.43518',
    '169.16689662',
    '2852039166',
    '0xa9fea9fe',
    '0xa9.0xfe.0xa9.0xfe',
    '025177524776',
    '0251.0376.0251.0376',
    '0251.254.0xa9.254',
    '①⑥⑨.②⑤④.①⑥⑨.②⑤④',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[::a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::1]',
    '[fd00:ec2::254]',
    '[fc00::1]',
    '[fdff:ffff::1]',
    '[fe80::1]',
    '[febf::1]',
    '[ff02::1]',
    '10.0.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    'localhost',
    'LOCALHOST',
  ])
    it(`${host}, even as an allowed origin`, async () => {
      const origin = `http://${host}:${(canary.address() as AddressInfo).port}`;
      await refused(`${origin}/`, origin);
    });

  for (const [why, url] of [
    ['an allowed name as the user', 'http://api.example.com@127.0.0.1:{port}/'],
    ['a user and a password', 'http://user:pass@api.example.com/'],
    ['an allowed name in the fragment', 'http://127.0.0.1:{port}/#@api.example.com'],
    ['a backslash', 'http://127.0.0.1:{port}\\@api.example.com/'],
    ['an allowed name as the beginning of another', 'http://api.example.com.127.0.0.1.nip.test:{port}/'],
    ['another port', 'http://api.example.com:{port}/'],
    ['another scheme', 'file:///etc/passwd'],
    ['a scheme that speaks to anything', 'gopher://127.0.0.1:{port}/'],
    ['no scheme', '//127.0.0.1:{port}/'],
  ] as const)
    it(why, () =>
      refused(url.replace('{port}', String((canary.address() as AddressInfo).port)), 'http://api.example.com'),
    );

  for (const status of [301, 302, 303, 307, 308])
    for (const location of [
      'http://169.254.169.254/latest/meta-data/',
      'http://[fd00:ec2::254]/',
      'http://127.0.0.1:{port}/',
    ])
      it(`a redirect ${status} to ${location} is an answer, not a way`, async () => {
        const { port } = canary.address() as AddressInfo;
        const to = location.replace('{port}', String(port));
        const redirecting = createHttpServer((_request, response) =>
          response.writeHead(status, { location: to }).end(),
        );
        redirecting.listen(0, '127.0.0.1');
        await once(redirecting, 'listening');
        try {
          const origin = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
          const http = createHttp({ allow: [{ origin, private: true }], timeoutMs: 2_000 });
          const answer = await http.request({ method: 'GET', url: `${origin}/` });
          assert.deepEqual([answer.status, answer.headers['location']], [status, to]);
          assert.deepEqual([attempts, connections], [['127.0.0.1'], 0]);
        } finally {
          redirecting.closeAllConnections();
          redirecting.close();
        }
      });

  /** What the resolver answers, one after the other, again and again the last of them. */
  const resolving = async (answers: readonly (readonly string[])[], work: () => Promise<void>): Promise<number> => {
    const { lookup } = dns;
    let lookups = 0;
    const answering = (_name: string, _options: object, callback: (error: null, all: dns.LookupAddress[]) => void) => {
      const addresses = answers[Math.min(lookups, answers.length - 1)] ?? [];
      lookups += 1;
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };
    Object.assign(dns, { lookup: answering });
    syncBuiltinESMExports();
    try {
      await work();
    } finally {
      Object.assign(dns, { lookup });
      syncBuiltinESMExports();
    }
    return lookups;
  };
  const NAMED = 'http://rebinding.example';

  for (const address of ['127.0.0.1', '169.254.169.254', '::1', '::ffff:169.254.169.254', 'fd00:ec2::254', 'fe80::1'])
    it(`a name that leads to ${address}, alone or behind a public address`, async () => {
      const origin = `${NAMED}:${(canary.address() as AddressInfo).port}`;
      for (const answers of [[address], ['203.0.113.7', address]])
        await resolving([answers], () => refused(`${origin}/`, origin));
    });

  it('a name that leads elsewhere the second time: the address that was checked is the one that is tried', async () => {
    const origin = `${NAMED}:${(canary.address() as AddressInfo).port}`;
    const http = createHttp({ allow: [{ origin }], timeoutMs: 200 });
    const lookups = await resolving([['203.0.113.7'], ['127.0.0.1']], async () => {
      // Nobody is there (RFC 5737).
      await assert.rejects(http.request({ method: 'GET', url: `${origin}/` }));
      assert.deepEqual(attempts.splice(0), ['203.0.113.7']);
      await refused(`${origin}/`, origin);
    });
    assert.equal(lookups, 2, 'one for each request');
  });
});
