/** What the intake tells whoever runs it about requests that went wrong: one line of the log for each, and a count for each sender. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { send, startIntake } from '../support/intake.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { recordingLog } from '../support/recording-log.ts';

const storing = recordingLog();
const small = { maxBodyBytes: 1_024, bodyTimeoutMs: 10_000, maxConcurrent: 64 };
const [GOOD] = (alertmanagerPayload('firing') as { readonly alerts: readonly object[] }).alerts;
const CANARY = 'canary-of-the-payload';
const BAD = { ...GOOD, labels: { alertname: [CANARY] } };
const group = (alerts: readonly unknown[], more: object = {}): string =>
  JSON.stringify({ ...(alertmanagerPayload('firing') as object), ...more, alerts });

/** The warnings of an intake, without what every line has. */
function warnings() {
  const lines: string[] = [];
  const logger = pino({ level: 'warn', base: null, timestamp: false }, { write: (line) => void lines.push(line) });
  return { logger, lines, told: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

/** `sender reason` of each call. */
function counted() {
  const calls: string[] = [];
  return {
    calls,
    onRejected: (sender: string, reason: string) => void calls.push(`rejected ${sender} ${reason}`),
    onComeAgain: (sender: string, reason: string) => void calls.push(`come again ${sender} ${reason}`),
    onMissing: (sender: string, alerts: number) => void calls.push(`missing ${sender} ${alerts}`),
  };
}

describe('intake: the log of what is rejected', () => {
  it('a bad item beside good ones is one line, with the request where all of it is kept', async (t) => {
    const { logger, lines, told } = warnings();
    const { post } = await startIntake(t, storing, { logger });
    assert.equal((await post('am', group([GOOD, BAD, GOOD]))).status, 202);
    const [line = {}, ...more] = told();
    assert.deepEqual(more, []);
    const { rawRef, ...rest } = line;
    assert.match(String(rawRef), /^raw:eu\/[0-9a-f]{64}$/);
    assert.deepEqual(rest, {
      level: 40,
      sender: 'am',
      region: 'eu',
      stored: 2,
      rejected: 1,
      first: [{ reason: 'bad-labels', place: '/alerts/1/labels/alertname' }],
      msg: 'rejected, never an event',
    });
    assert.doesNotMatch(lines.join(''), new RegExp(CANARY));
  });

  for (const [what, body, type, expected] of [
    ['a request without any event', group([BAD]), 'application/json', [0, 1, 'bad-labels']],
    ['no JSON', `{"${CANARY}`, 'application/json', [0, 1, 'not-json']],
    ['another content type', CANARY, 'text/plain', [0, 1, 'content-type']],
  ] as const)
    it(`${what} is one line and no more`, async (t) => {
      const { logger, lines, told } = warnings();
      const { post } = await startIntake(t, storing, { logger });
      await post('am', body, { 'content-type': type });
      const first = (line: Record<string, unknown>) => (line['first'] as readonly { readonly reason: string }[])[0];
      assert.deepEqual(
        told().map((line) => [line['stored'], line['rejected'], first(line)?.reason]),
        [expected],
      );
      assert.doesNotMatch(lines.join(''), new RegExp(CANARY));
    });

  it('names the first few of thousands, in a line that stays short', async (t) => {
    const { logger, lines, told } = warnings();
    const { post } = await startIntake(t, storing, { logger });
    const long = { ...GOOD, labels: { alertname: 'x', ['k'.repeat(50_000)]: [] } };
    await post('am', group([long, ...Array.from({ length: 5_000 }, () => BAD)]));
    assert.deepEqual(
      told().map(({ rejected, first }) => [rejected, (first as readonly unknown[]).length]),
      [[5_001, 5]],
    );
    assert.ok(lines.join('').length < 2_000);
  });

  it('what goes well and what a stranger sends write none', async (t) => {
    const { logger, told } = warnings();
    const { post } = await startIntake(t, storing, { logger });
    await post('am', group([GOOD]));
    await post('guarded', group([BAD]));
    assert.deepEqual(told(), []);
  });
});

describe('intake: alerts that a sender left out', () => {
  for (const [missing, expected] of [
    [3, ['missing am 3']],
    [0, []],
  ] as const)
    it(`${missing} of them, of a group with two alerts`, async (t) => {
      const { logger, told } = warnings();
      const { calls, ...hooks } = counted();
      const { post } = await startIntake(t, storing, { logger, ...hooks });
      assert.equal((await post('am', group([GOOD, GOOD], { truncatedAlerts: missing }))).status, 202);
      assert.deepEqual(calls, expected);
      assert.deepEqual(
        told().map((line) => [line['sender'], line['missing']]),
        missing === 0 ? [] : [['am', missing]],
      );
    });
});

describe('intake: what is turned away unread counts for its sender', () => {
  it('a body that is too large', async (t) => {
    const { calls, ...hooks } = counted();
    const { url, post } = await startIntake(t, storing, { limits: small, ...hooks });
    assert.equal((await post('guarded', 'x'.repeat(1_025))).status, 413);
    assert.equal((await send(`${url}/in/am?a=1`, { body: 'x'.repeat(1_025) })).status, 413);
    assert.equal((await post('nobody', 'x'.repeat(1_025))).status, 413);
    assert.deepEqual(calls, ['rejected guarded body-too-large', 'rejected am body-too-large']);
  });

  it('one request too many', async (t) => {
    const { calls, ...hooks } = counted();
    const { url, post } = await startIntake(t, storing, { limits: { ...small, maxConcurrent: 0 }, ...hooks });
    assert.equal((await post('am', group([GOOD]))).status, 503);
    assert.equal((await post('nobody', group([GOOD]))).status, 503);
    assert.equal((await send(`${url}/`, { body: '{}' })).status, 503);
    assert.deepEqual(calls, ['come again am too-many-requests']);
  });
});
