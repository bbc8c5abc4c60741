import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { type Payload, defaultPayloadConverter } from '@temporalio/common';
import { createCodec } from '../../workers/encryption/codec.ts';
import { type CodecServer, startCodecServer } from '../../workers/encryption/codec-server.ts';
import { encryptionKeys } from '../../workers/encryption/data-converter.ts';

const [first, second] = [
  { id: '2026-a', key: randomBytes(32) },
  { id: '2026-b', key: randomBytes(32) },
];
const payload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value) as Payload;
const valueOf = (each: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(each as Payload);
const encoded = async (value: unknown, ...keys: { id: string; key: Buffer }[]): Promise<Payload> => {
  const [result] = await createCodec(keys).encode([payload(value)]);
  assert.ok(result);
  return result;
};

describe('payload codec', () => {
  it('returns what it was given, and stores nothing of it', async () => {
    const each = await encoded({ secret: 'canary' }, first);
    assert.ok(!Buffer.from(each.data ?? []).includes('canary'));
    assert.ok(!JSON.stringify(each.metadata).includes('json/plain'));
    assert.deepEqual(valueOf((await createCodec([first]).decode([each]))[0]), { secret: 'canary' });
  });

  it('encrypts the same value differently each time', async () => {
    assert.notDeepEqual((await encoded('same', first)).data, (await encoded('same', first)).data);
  });

  it('goes on reading with an old key while a new one encrypts', async () => {
    const old = await encoded('old', first);
    const rotated = createCodec([second, first]);
    const [fresh] = await rotated.encode([payload('new')]);
    assert.equal(Buffer.from(fresh?.metadata?.['encryption-key-id'] ?? []).toString(), '2026-b');
    assert.deepEqual((await rotated.decode([old, fresh as Payload])).map(valueOf), ['old', 'new']);
  });

  it('leaves what is in clear as it is: histories from before encryption stay readable', async () => {
    assert.deepEqual((await createCodec([first]).decode([payload('clear')])).map(valueOf), ['clear']);
  });

  it('names the key that is missing, and refuses what was changed or cut', async () => {
    const each = await encoded('value', first);
    await assert.rejects(createCodec([second]).decode([each]), /key "2026-a", which is not configured here/);
    const data = Buffer.from(each.data ?? []);
    for (const changed of [
      Buffer.from(data.map((byte, index) => (index === 40 ? byte ^ 1 : byte))),
      data.subarray(0, 20),
      Buffer.alloc(0),
    ])
      await assert.rejects(createCodec([first]).decode([{ ...each, data: changed }]), /does not fit key 2026-a/);
    const renamed = { ...each.metadata, 'encryption-key-id': Buffer.from('2026-b') };
    await assert.rejects(
      createCodec([{ id: '2026-b', key: first.key }]).decode([{ ...each, metadata: renamed }]),
      /does not fit/,
    );
  });

  it('takes keys as base64 or hex, of 32 bytes only', () => {
    const references = [{ id: 'a', key: 'env:A' }];
    assert.equal(encryptionKeys(references, { A: first.key.toString('hex') })[0]?.key.length, 32);
    assert.deepEqual(encryptionKeys(references, { A: first.key.toString('base64') })[0]?.key, first.key);
    assert.throws(() => encryptionKeys(references, { A: 'c2hvcnQ=' }), /key a has 5 bytes, expected 32/);
  });
});

describe('codec server', () => {
  const UI = 'http://127.0.0.1:8233';
  let open: CodecServer;
  let closed: CodecServer;
  before(async () => {
    const common = { codec: createCodec([first]), host: '127.0.0.1', port: 0, origins: [UI] };
    open = await startCodecServer({ ...common, token: null });
    closed = await startCodecServer({ ...common, token: 'token' });
  });
  after(() => Promise.all([open.close(), closed.close()]));
  const body = async (): Promise<string> => {
    const { metadata, data } = await encoded('clear text', first);
    const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64');
    const entries = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
    return JSON.stringify({ payloads: [{ metadata: Object.fromEntries(entries) as unknown, data: base64(data) }] });
  };
  const post = async (server: CodecServer, headers: Record<string, string>, text?: string): Promise<Response> =>
    fetch(`${server.url}/decode`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: text ?? (await body()),
    });

  it('decodes for the page of the Temporal UI', async () => {
    const response = await post(open, { origin: UI });
    assert.equal(response.headers.get('access-control-allow-origin'), UI);
    const { payloads } = (await response.json()) as { payloads: { data: string }[] };
    assert.equal(Buffer.from(payloads[0]?.data ?? '', 'base64').toString(), '"clear text"');
  });

  it('answers the question that a browser asks first', async () => {
    const response = await fetch(`${closed.url}/decode`, { method: 'OPTIONS', headers: { origin: UI } });
    assert.equal(response.status, 204);
    assert.match(response.headers.get('access-control-allow-headers') ?? '', /authorization/);
  });

  const refused: readonly [
    why: string,
    server: () => CodecServer,
    headers: Record<string, string>,
    text: string | undefined,
    status: number,
  ][] = [
    ['another page', () => open, { origin: 'https://evil.example' }, undefined, 403],
    ['no token', () => closed, { origin: UI }, undefined, 401],
    ['a wrong token', () => closed, { authorization: 'Bearer toke' }, undefined, 401],
    ['what is no payload', () => open, {}, '{"payloads": [{"metadata": {"encoding": 1}}]}', 400],
    [
      'too many payloads',
      () => open,
      {},
      JSON.stringify({ payloads: Array.from({ length: 1_001 }, () => ({ metadata: {} })) }),
      400,
    ],
    [
      'what it has no key for',
      () => open,
      {},
      JSON.stringify({ payloads: [{ metadata: { encoding: 'YmluYXJ5L2VuY3J5cHRlZA==' }, data: '' }] }),
      422,
    ],
  ];
  for (const [why, server, headers, text, status] of refused)
    it(`refuses ${why} with ${status}`, async () => {
      assert.equal((await post(server(), headers, text)).status, status);
    });

  it('takes the right token', async () => {
    assert.equal((await post(closed, { authorization: 'Bearer token' })).status, 200);
  });

  it('does not listen beyond loopback without a token', async () => {
    const options = { codec: createCodec([first]), host: '0.0.0.0', port: 0, origins: [], token: null };
    await assert.rejects(startCodecServer(options), /expected encryption.server.token/);
  });
});
