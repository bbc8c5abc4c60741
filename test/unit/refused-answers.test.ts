import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Act } from '../../triggers/path/operator-log.ts';
import { createRefusedAnswers } from '../../workers/refused-answers.ts';
import { until } from '../support/until.ts';

const GARBAGE = { decision: 'approve', refusal: 'malformed', detail: 'expected an object', region: 'eu' } as const;

function audit(append?: (region: string, act: Act) => Promise<unknown>) {
  const lines: string[] = [];
  const errors: object[] = [];
  let [counted, at] = [0, 0];
  const tell = createRefusedAnswers({
    append:
      append ??
      (async (region, { by, what, where, why }) => void lines.push(`${region} ${by}: ${what} ${where} (${why})`)),
    count: () => void (counted += 1),
    logger: { error: (fields: object) => void errors.push(fields) },
    instance: 'host/1',
    now: () => at,
  });
  return { tell, lines, errors, counted: () => counted, pass: (ms: number) => void (at += ms) };
}

describe('the audit of refused answers', () => {
  it('writes one line for each, with run and reason', async () => {
    const { tell, lines, counted } = audit();
    tell('run-1', GARBAGE);
    await until('the line is there', () => lines.length === 1);
    assert.equal(
      lines[0],
      'eu somebody, told by host/1: answer refused (malformed) run run-1 (approve: expected an object)',
    );
    assert.equal(counted(), 1);
  });

  it('tells ten of one run and counts the rest; other runs are still told', async () => {
    const { tell, lines, counted } = audit();
    for (let i = 0; i < 5_000; i += 1) tell('flooded', GARBAGE);
    tell('other', GARBAGE);
    await until('the other run is told', () => lines.some((line) => line.includes('run other')));
    assert.equal(lines.length, 11);
    assert.match(lines[9] ?? '', /further ones of this run are only counted/);
    assert.equal(counted(), 5_001);
  });

  it('tells two hundred an hour of all runs together, and goes on in the next hour', async () => {
    const { tell, lines, counted, pass } = audit();
    for (let i = 0; i < 3_000; i += 1) tell(`run-${i}`, GARBAGE);
    pass(3_600_000);
    tell('later', GARBAGE);
    await until('the next hour is told', () => lines.some((line) => line.includes('run later')));
    assert.deepEqual([lines.length, counted()], [201, 3_001]);
  });

  it('a log that cannot be written is told in the log of the process, and nothing else stops', async () => {
    const { tell, errors, counted } = audit(() => Promise.reject(new Error('no stream')));
    tell('run-1', GARBAGE);
    tell('run-1', GARBAGE);
    await until('both are told', () => errors.length === 2);
    assert.equal(counted(), 2);
  });
});
