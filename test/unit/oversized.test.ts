/** Bodies above the limit of a sender whose queue would repeat a 413 for days. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { QuarantinedRequest } from '../../triggers/intake/quarantine.ts';
import { sources } from '../../triggers/sources/index.ts';
import { TOKENS, send, startIntake } from '../support/intake.ts';
import { alertmanagerPayload } from '../support/payloads.ts';

const source = sources.get('alertmanager') ?? assert.fail();
const storing = { publish: () => Promise.resolve({ stream: 'S', sequence: 1, duplicate: false }) };
const LARGE = JSON.stringify('x'.repeat(2_500_000));
const good = { authorization: `Bearer ${TOKENS[0]}` };

describe('a body that is too large for a sender with quarantine', () => {
  for (const [why, headers, chunked, status, kept] of [
    ['its beginning is kept', good, false, 202, 1],
    ['also when no length was announced', good, true, 202, 1],
    ['a stranger is refused', { authorization: 'Bearer wrong' }, false, 413, 0],
    ['a stranger who announces no length, too', {}, true, 413, 0],
  ] as const)
    it(why, async (t) => {
      const found: QuarantinedRequest[] = [];
      const { url } = await startIntake(t, storing, {
        senders: [{ name: 'q', source, auth: { kind: 'bearer', secrets: TOKENS }, quarantine: true }],
        quarantine: (request) => Promise.resolve(void found.push(request)),
      });
      const body = chunked ? new Blob([LARGE]).stream() : LARGE;
      const answer = await send(`${url}/in/q`, {
        body,
        headers,
        ...(chunked ? { duplex: 'half' } : {}),
      } as RequestInit);
      assert.deepEqual([answer.status, found.length], [status, kept]);
      for (const { raw, whole, refused } of found) {
        assert.equal(Buffer.from(raw).toString(), LARGE.slice(0, 65_536));
        assert.deepEqual(whole, { bytes: LARGE.length, sha256: createHash('sha256').update(LARGE).digest('hex') });
        assert.equal(refused[0]?.reason, 'body-too-large');
      }
      // What is within the limit is taken as ever.
      const { status: next } = await send(`${url}/in/q`, {
        body: JSON.stringify(alertmanagerPayload('firing')),
        headers: good,
      });
      assert.equal(next, 202);
    });
});
