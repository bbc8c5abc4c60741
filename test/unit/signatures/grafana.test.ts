import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { verify } from '../../../triggers/intake/signatures/grafana.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const SECONDS = NOW.getTime() / 1_000;
const BODY = '{"alerts":[]}';
const hmac = (content: string, secret = 's3cret') => createHmac('sha256', secret).update(content).digest('hex');
const check = (signature: string | undefined, timestamp?: number | string, body = BODY, secrets = ['s3cret']) =>
  verify(
    Buffer.from(body),
    {
      ...(signature === undefined ? {} : { 'x-grafana-alerting-signature': signature }),
      ...(timestamp === undefined ? {} : { 'x-grafana-alerting-timestamp': String(timestamp) }),
    },
    secrets,
    NOW,
  );
const signed = (at: number) => hmac(`${at}:${BODY}`);
const named = { signature: 'x-mine', timestamp: 'x-when' };

describe('signature of grafana', () => {
  const CASES: readonly (readonly [why: string, accepted: boolean, result: boolean])[] = [
    ['the body alone', true, check(hmac(BODY))],
    ['with a timestamp', true, check(signed(SECONDS), SECONDS)],
    ['four minutes old', true, check(signed(SECONDS - 240), SECONDS - 240)],
    ['a second secret', true, check(hmac(BODY), undefined, BODY, ['new', 's3cret'])],
    ['headers of other names', true, verify(Buffer.from(BODY), { 'x-mine': hmac(BODY) }, ['s3cret'], NOW, named)],
    ['no header', false, check(undefined)],
    ['six minutes old', false, check(signed(SECONDS - 360), SECONDS - 360)],
    ['six minutes ahead', false, check(signed(SECONDS + 360), SECONDS + 360)],
    ['a newer timestamp on an old signature', false, check(signed(SECONDS - 360), SECONDS)],
    ['a timestamp that is not signed', false, check(hmac(BODY), SECONDS)],
    ['the timestamp moved into the body', false, check(signed(SECONDS), undefined, `${SECONDS}:${BODY}`)],
    ['a timestamp that is no number', false, check(hmac(`now:${BODY}`), 'now')],
    ['an empty timestamp', false, check(hmac(`:${BODY}`), '')],
    ['another secret', false, check(hmac(BODY, 'other'))],
    ['no secret configured', false, check(hmac(BODY), undefined, BODY, [])],
    ['another body', false, check(hmac(BODY), undefined, '{}')],
  ];
  for (const [why, accepted, result] of CASES) it(why, () => assert.equal(result, accepted));
});
