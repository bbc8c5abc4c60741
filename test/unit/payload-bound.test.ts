import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultPayloadConverter } from '@temporalio/common';
import { MAX_PAYLOAD_BYTES, tooLarge } from '../../workflows/kit/payload-size.ts';
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

  it('takes the most that a step or a result may carry, encrypted under a long key name too', async () => {
    const codec = createCodec([{ id: 'a'.repeat(64), key: Buffer.alloc(32, 1) }]);
    const carried = defaultPayloadConverter.toPayload('x'.repeat(MAX_PAYLOAD_BYTES - 2));
    assert.deepEqual(
      [carried.data?.length, tooLarge('it', 'x'.repeat(MAX_PAYLOAD_BYTES - 2))],
      [MAX_PAYLOAD_BYTES, null],
    );
    assert.match(tooLarge('it', 'x', 'x'.repeat(MAX_PAYLOAD_BYTES - 2))?.message ?? '', /^it has 2096131 bytes/);
    assert.equal((await bound.encode(await codec.encode([carried]))).length, 1);
  });

  it('comes last, so that it measures what is sent', () => {
    const codec = createCodec([{ id: 'a', key: Buffer.alloc(32, 1) }]);
    const codecs = withPayloadBound({ payloadCodecs: [codec] }).payloadCodecs ?? [];
    assert.deepEqual([codecs.length, codecs[0]], [2, codec]);
  });
});
