import assert from 'node:assert/strict';
import dns from 'node:dns';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { type HttpOptions, type HttpRequest, createHttp, isPrivate } from '../../activities/http.ts';

const get = (options: HttpOptions, url: string, request: Partial<HttpRequest> = {}) =>
  createHttp(options).request({ method: 'GET', url, ...request });

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApplicationFailure, String(error));
  assert.equal(error.type, 'HttpRefused');
  assert.equal(error.nonRetryable, true);
  assert.match(error.message, pattern);
  return true;
};

describe('http', () => {
  /** A server of this machine; `connections` counts every one that reached it. */
  let canary: Server;
  let port: number;
  let origin: string;
  let connections = 0;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  before(async () => {
    canary = createServer((request, response) => answer(request, response));
    canary.on('connection', () => (connections += 1));
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    port = (canary.address() as AddressInfo).port;
    origin = `http://127.0.0.1:${port}`;
  });
  after(() => {
    canary.closeAllConnections();
    canary.close();
  });
  beforeEach(() => {
    connections = 0;
    answer = (_request, response) => response.end('ok');
  });

  it('any status is an answer', async () => {
    answer = (request, response) => {
      request.on('data', (chunk: Buffer) =>
        response.writeHead(503, { 'x-seen': `${request.method} ${chunk.toString()}` }),
      );
      request.on('end', () => response.end('sick'));
    };
    const allow = [{ origin, private: true }];
    const { status, headers, body } = await get({ allow }, `${origin}/a`, { method: 'POST', body: 'hello' });
    assert.deepEqual([status, headers['x-seen'], body], [503, 'POST hello', 'sick']);
  });

  for (const [name, url, pattern] of [
    ['an origin that is not listed', 'http://example.com/', /example\.com is not allowed.*https:\/\/api\.example\.com/],
    ['another port of a listed host', 'https://api.example.com:8443/', /not allowed/],
    ['another scheme of a listed host', 'http://api.example.com/', /not allowed/],
    ['a listed host as user name', 'https://api.example.com@evil.example/', /plain http/],
    ['a listed host as prefix', 'https://api.example.com.evil.example/', /not allowed/],
    ['a file', 'file:///etc/passwd', /plain http/],
    ['text that is no address', 'not a url', /plain http/],
    ['a line break before the host', 'https://\r\nHost: evil.example', /HttpRefused|plain http|not allowed/],
    ['a line break in the path', 'https://api.example.com/a\nb', /plain http/],
    ['a way up', 'https://api.example.com/a/../admin', /plain http/],
    ['a way up in disguise', 'https://api.example.com/a/%2E%2e/admin', /plain http/],
    ['a way up at the end', 'https://api.example.com/a/..?b', /plain http/],
    ['a way up for those who think of another system', 'https://api.example.com/a\\..\\admin', /plain http/],
  ] as const) {
    it(`refuses ${name}`, () =>
      assert.rejects(get({ allow: [{ origin: 'https://api.example.com' }] }, url), refused(pattern)));
  }

  it('refuses every spelling of an address of this machine, and does not connect', async () => {
    const spellings = [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '0x7f.0.0.0x1',
      '0',
      '127.0.0.1.',
      '①②⑦.0.0.1',
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[0:0:0:0:0:ffff:7f00:0001]',
      '[64:ff9b::7f00:1]',
      'localhost',
      'LOCALHOST',
    ];
    for (const host of spellings) {
      const url = `http://${host}:${port}/`;
      await assert.rejects(get({ allow: [{ origin: url }] }, url), refused(/private network/), host);
    }
    assert.equal(connections, 0);
  });

  it('reaches an address of this machine only where configuration says so', async () => {
    const { body } = await get({ allow: [{ origin, private: true }] }, `${origin}/`);
    assert.deepEqual([body, connections], ['ok', 1]);
  });

  it('a name is resolved once, and refused when any of its addresses is private', async () => {
    let lookups = 0;
    const original = dns.lookup;
    const rebinding = (
      _name: string,
      _options: object,
      callback: (error: null, addresses: dns.LookupAddress[]) => void,
    ) => {
      lookups += 1;
      const addresses = ['203.0.113.7', '127.0.0.1'].map((address) => ({ address, family: 4 }));
      callback(null, addresses);
    };
    Object.assign(dns, { lookup: rebinding });
    syncBuiltinESMExports();
    try {
      const url = `http://rebinding.example:${port}/`;
      await assert.rejects(get({ allow: [{ origin: url }] }, url), refused(/leads to 127\.0\.0\.1/));
    } finally {
      Object.assign(dns, { lookup: original });
      syncBuiltinESMExports();
    }
    assert.deepEqual([lookups, connections], [1, 0]);
  });

  it('a redirect is an answer and is not followed', async () => {
    answer = (_request, response) => response.writeHead(302, { location: `${origin}/secret` }).end();
    const { status, headers } = await get({ allow: [{ origin, private: true }] }, `${origin}/`);
    assert.deepEqual([status, headers['location'], connections], [302, `${origin}/secret`, 1]);
  });

  it('an endless body is cut at the bound, and the connection is let go', async () => {
    const gone = new Promise((resolve) => {
      answer = (request, response) => {
        request.socket.once('close', resolve);
        const flood = (): void => {
          while (!response.destroyed && response.write('x'.repeat(10_000)));
          if (!response.destroyed) response.once('drain', flood);
        };
        flood();
      };
    });
    const { body } = await get({ allow: [{ origin, private: true }], maxBodyBytes: 25_000 }, `${origin}/`);
    assert.equal(body.length, 25_000);
    await gone;
  });

  for (const [name, behave] of [
    ['never answers', () => undefined],
    [
      'stops in the middle of its body',
      (_request: IncomingMessage, response: ServerResponse) => void response.write('half'),
    ],
  ] as const) {
    it(`a server that ${name} ends in the time-out, which is retried`, async () => {
      answer = behave;
      const request = get({ allow: [{ origin, private: true }], timeoutMs: 200 }, `${origin}/`);
      await assert.rejects(request, (error: unknown) => {
        assert.ok(error instanceof Error && !(error instanceof ApplicationFailure), String(error));
        return true;
      });
    });
  }

  it('a server that is away is retried', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const away = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
    await new Promise((resolve) => closed.close(resolve));
    await assert.rejects(get({ allow: [{ origin: away, private: true }] }, away), { code: 'ECONNREFUSED' });
  });

  it('what stands in a segment of the path stays there; a query may say anything', async () => {
    answer = (request, response) => response.end(request.url);
    const allow = [{ origin, private: true }];
    const path = ['a/b', '..%2f', '?x=1#y', 'ä', '\ud800'];
    const { body } = await get({ allow }, `${origin}/v1/?up=/../`, { path });
    assert.equal(body, '/v1/a%2Fb/..%252f/%3Fx%3D1%23y/%C3%A4/%EF%BF%BD?up=/../');
    assert.equal((await get({ allow }, origin, { path: ['a'] })).body, '/a');
    for (const bad of ['', '.', '..'])
      await assert.rejects(get({ allow }, origin, { path: ['a', bad] }), refused(/no segment of a path/));
    assert.equal(connections, 2);
  });

  it('a header cannot smuggle a second one, and is not tried again', async () => {
    for (const headers of [{ 'x-a': 'b\r\nx-injected: 1' }, { 'x-a\r\nx-injected': '1' }, { 'x-a': 'b\0' }])
      await assert.rejects(
        get({ allow: [{ origin, private: true }] }, origin, { headers }),
        refused(/cannot be a header/),
      );
    assert.equal(connections, 0);
  });

  for (const [headers, expected] of [
    [{ authorization: 'Bearer hunter2\n' }, /"authorization" cannot .* value has a line break at position 15$/],
    [{ authorization: '\0hunter2' }, /value has a control character at position 1$/],
    [{ authorization: 'hunter2 \u2026' }, /value has a forbidden character at position 9$/],
    [
      { 'authorization: Bearer hunter2': '' },
      /"authorization" cannot .* name has a forbidden character at position 14$/,
    ],
    [{ '': 'hunter2' }, /"" cannot .* name has no text$/],
  ] as const)
    it(`a refused header is named, and nothing of its value is told: ${JSON.stringify(headers)}`, () =>
      assert.rejects(
        get({ allow: [{ origin, private: true }] }, origin, { headers }),
        (error: Error) => refused(expected)(error) && !error.message.includes('hunter2'),
      ));

  for (const [url, expected] of [
    ['https://ann:hunter2@api.example.com/a', '"https://api.example.com/a" is'],
    ['https://hunter2@api.example.com/', '"https://api.example.com/" is'],
    ['https://api.example.com/a/../b?token=hunter2', '"https://api.example.com/a/../b" is'],
    ['https://api.example.com/a/../b?mail=a@b&token=hunter2', '"https://api.example.com/a/../b" is'],
    ['https://api.example.com:x/?token=hunter2', '"https://api.example.com:x/" is'],
    ['https:\\\\ann:hunter2@api.example.com', '"https:\\\\\\\\api.example.com" is'],
    ['https://ann:hunter2/@api.example.com', '"https://api.example.com" is'],
    ['https://ann:hunter2?@api.example.com', '"https://" is'],
    ['https://ann:hunter2#@api.example.com', '"https://" is'],
  ] as const)
    it(`of the refused address ${url} neither a password nor the query is told`, () =>
      assert.rejects(
        get({ allow: [] }, url),
        (error: Error) => error.message.startsWith(expected) && !error.message.includes('hunter2'),
      ));

  for (const [address, expected] of [
    ['0.0.0.0', true],
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['100.63.255.255', false],
    ['100.64.0.1', true],
    ['169.254.169.254', true],
    ['172.15.255.255', false],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['192.168.0.1', true],
    ['224.0.0.1', true],
    ['255.255.255.255', true],
    ['8.8.8.8', false],
    ['::1', true],
    ['::ffff:10.0.0.1', true],
    ['::ffff:a00:1', true],
    ['::ffff:8.8.8.8', false],
    ['64:ff9b::a00:1', true],
    ['2002:a00:1::', true],
    ['fd12::1', true],
    ['fe80::1%eth0', true],
    ['ff02::1', true],
    ['2606:4700::1111', false],
  ] as const) {
    it(`${address} is ${expected ? 'private' : 'public'}`, () => assert.equal(isPrivate(address), expected));
  }
});
