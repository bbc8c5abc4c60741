import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCodec } from '../../workers/encryption/codec.ts';
import { withPayloadBound } from '../../workers/payload-bound.ts';

const payload = (bytes: number) => ({ metadata: {}, data: new Uint8Array(bytes) });
const LIMIT = 2_097_152;

describe('the bound on payloads', () => {
  const bound = withPayloadBound(undefined).payloadCodecs?.at(-1) ?? assert.fail();

  it('lets through what a server takes, and refuses what it would end the run for', async () => {
    assert.equal((await bound.encode([payload(LIMIT)])).length, 1);
    await assert.rejects(bound.encode([payload(LIMIT + 1)]), /payloads of 2097153 bytes, expected at most 2097152/);
    await assert.rejects(bound.encode([payload(LIMIT / 2), payload(LIMIT / 2 + 1)]), /2097153 bytes/);
  });

  it('reads what is there, however large', async () => {
    assert.equal((await bound.decode([payload(LIMIT * 2)])).length, 1);
  });

  it('comes last, so that it measures what is sent', () => {
    const codec = createCodec([{ id: 'a', key: Buffer.alloc(32, 1) }]);
    const codecs = withPayloadBound({ payloadCodecs: [codec] }).payloadCodecs ?? [];
    assert.deepEqual([codecs.length, codecs[0]], [2, codec]);
  });
});
