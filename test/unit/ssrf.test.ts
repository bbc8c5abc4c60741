/** Ways to lead a request to an address of this machine or a private network: none connects, as a listening canary sees. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type Server, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { createHttp } from '../../activities/http.ts';

describe('requests that must not leave', () => {
  let canary: Server;
  let connections = 0;
  before(async () => {
    canary = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    canary.listen(0, '::');
    await once(canary, 'listening');
  });
  after(() => canary.close());

  /** `origin` is what configuration allows, by mistake, without `private`. */
  const refused = async (url: string, origin: string): Promise<void> => {
    const http = createHttp({ allow: [{ origin }], timeoutMs: 2_000 });
    await assert.rejects(
      http.request({ method: 'GET', url }),
      (error) => error instanceof ApplicationFailure && error.type === 'HttpRefused' && error.nonRetryable === true,
    );
    assert.equal(connections, 0);
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
    '2852039166',
    '0xa9fea9fe',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[fd00:ec2::254]',
    '[fe80::1]',
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
});
