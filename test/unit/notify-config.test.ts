import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { pino } from 'pino';
import { stringify } from 'yaml';
import { type Config, loadConfig } from '../../workers/config.ts';
import { createChannel, secretUrl } from '../../workers/notify/create-channel.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-notify-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function notifyOf(notify: unknown): Config['notify'] {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, stringify({ notify }));
  return loadConfig({ file, env: {} }).notify;
}
const secret = (name: string, value: string): string => {
  writeFileSync(join(dir, name), value);
  return `file:${join(dir, name)}`;
};
const context = { instance: 'host/1', logger: pino({ level: 'silent' }) };
const email = { kind: 'email', host: 'mail.test', from: 'a@a.test', to: ['b@b.test'] };

describe('configuration of notify', () => {
  it('nobody is told by default, and there is no heartbeat', () => {
    const watch = { every: '30s', oldestEvent: '5m', clockSkew: '2s' };
    assert.deepEqual(notifyOf({}), { channels: [], perMinute: 20, dedup: '10m', watch });
  });

  it('each kind becomes its channel, with secrets read from where they are', () => {
    const url = secret('url', 'https://hooks.test/T0/B0/x\n');
    const { channels, heartbeat } = notifyOf({
      channels: [
        { kind: 'webhook', url, secret: secret('key', 'whsec_c2VjcmV0') },
        { kind: 'slack', url },
        { kind: 'pagerduty', routingKey: secret('routing', 'R0') },
        { ...email, user: 'me', password: secret('password', 'pw') },
      ],
      heartbeat: { url },
    });
    const names = channels.map((channel) => createChannel(channel, context).name);
    assert.deepEqual(names, [
      'webhook hooks.test',
      'slack hooks.test',
      'pagerduty events.pagerduty.com',
      'email mail.test',
    ]);
    assert.deepEqual(heartbeat, { url, every: '1m' });
  });

  for (const [why, notify, expected] of [
    ['an unknown kind', { channels: [{ kind: 'smoke' }] }, /channels\/0: .*"kind"/],
    [
      'a secret in clear',
      { channels: [{ kind: 'slack', url: 'https://hooks.test/x' }] },
      /channels\/0\/url: holds something other than a reference/,
    ],
    ['a missing key', { channels: [{ kind: 'pagerduty' }] }, /channels\/0: .*'routingKey'/],
    ['an unknown key', { channels: [{ kind: 'slack', url: 'env:A', to: 'b' }] }, /channels\/0\/to: is not known here/],
    [
      'a header in an address',
      { channels: [{ ...email, to: ['b@b.test\r\nBcc: c@c.test'] }] },
      /channels\/0\/to\/0: must match/,
    ],
    ['nobody to write to', { channels: [{ ...email, to: [] }] }, /channels\/0\/to: must NOT have fewer/],
    ['a rate of nothing', { perMinute: 0 }, /perMinute: must be >= 1/],
    ['a heart that races', { heartbeat: { url: 'env:A', every: '0s' } }, /heartbeat\/every: must match/],
  ] as const) {
    it(`${why} is refused with its place`, () => {
      assert.throws(() => notifyOf(notify), expected);
    });
  }

  it('a secret that is missing, or is no address, is named and not shown', () => {
    const [slack] = notifyOf({ channels: [{ kind: 'slack', url: 'env:NOT_THERE_AT_ALL' }] }).channels;
    assert.throws(() => createChannel(slack ?? assert.fail(), context), /env:NOT_THERE_AT_ALL is missing or empty/);
    for (const value of ['hunter2', 'ftp://hunter2.test', 'https://user:hunter2@x.test/'])
      assert.throws(
        () => secretUrl(secret('bad', value)),
        (error) => /is no http or https address/.test(String(error)) && !String(error).includes('hunter2'),
      );
  });

  it('a user without a password is refused', () => {
    const [channel] = notifyOf({ channels: [{ ...email, user: 'me' }] }).channels;
    assert.throws(() => createChannel(channel ?? assert.fail(), context), /needs user and password, or neither/);
  });
});
