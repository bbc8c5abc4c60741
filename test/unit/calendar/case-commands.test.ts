/** `tocsin schedule next` and `tocsin window at`: without servers and configuration, and whatever the zone of the process is. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { cli } from '../../support/cli.ts';
import { tocsinProcess } from '../../support/tocsin-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-cases-'));
after(() => rmSync(dir, { recursive: true }));

/** One process per odd zone; what they print must be the same. */
async function answers(lines: readonly string[], ...args: readonly string[]): Promise<unknown[]> {
  const file = join(dir, 'cases.jsonl');
  writeFileSync(file, lines.join('\n'));
  const printed: string[] = [];
  for (const TZ of ['Pacific/Apia', 'America/St_Johns']) {
    const { code, stdout, stderr } = await cli({ PATH: process.env['PATH'], TZ }, ...args, '--cases', file, '--json');
    assert.equal(code, 0, stderr);
    printed.push(stdout);
  }
  assert.equal(printed[0], printed[1]);
  return (printed[0] ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe('questions for machines', () => {
  it('schedule next answers each line, also the bad ones', async () => {
    const found = await answers(
      [
        '{"id":"gap","cron":"30 2 * * *","zone":"America/New_York","after":"2025-03-08T12:00:00Z","count":2,"onGap":"skip"}',
        '{"id":"overlap","cron":"30 1 * * *","zone":"America/New_York","after":"2025-11-02T00:00:00-04:00","count":2,"onOverlap":"both"}',
        '{"id":3,"cron":"0 0 30 2 *","zone":"UTC","after":"2025-01-01T00:00:00Z"}',
        'not json',
        '{"id":"zone","cron":"0 0 * * *","zone":"EST","after":"2025-01-01T00:00:00Z"}',
        '{"id":"policy","cron":"0 0 * * *","zone":"UTC","after":"2025-01-01T00:00:00Z","onGap":"guess"}',
        '{"id":"count","cron":"0 0 * * *","zone":"UTC","after":"2025-01-01T00:00:00Z","count":-1}',
        '{"id":"after","cron":"0 0 * * *","zone":"UTC","after":"yesterday"}',
        '{"id":"cron","zone":"UTC","after":"2025-01-01T00:00:00Z"}',
      ],
      'schedule',
      'next',
    );
    const errors = found.map((answer) => String((answer as { error: unknown }).error).split(':')[0]);
    assert.deepEqual(errors, [
      'null',
      'null',
      'null',
      'bad-line',
      'unknown-zone',
      'bad-schedule',
      'bad-count',
      'bad-instant',
      'bad-case',
    ]);
    assert.deepEqual(found.slice(0, 3), [
      { id: 'gap', instants: ['2025-03-10T06:30:00Z', '2025-03-11T06:30:00Z'], error: null },
      { id: 'overlap', instants: ['2025-11-02T05:30:00Z', '2025-11-02T06:30:00Z'], error: null },
      { id: 3, instants: [], error: null },
    ]);
  });

  it('a file from any editor is read, and its blank lines count for the place of an error only', async () => {
    const cron = '"cron":"0\\t0 * * *","zone":"UTC","after":"2025-01-01T00:30+01:00[Europe/Berlin]"';
    const found = await answers(
      [`\ufeff{"id":1,${cron},"count":null}\r`, '\r', '  ', `{"id":2,${cron}}\r`, '{'],
      'schedule',
      'next',
    );
    const instants = ['2025-01-01T00:00:00Z'];
    assert.deepEqual(found, [
      { id: 1, instants, error: null },
      { id: 2, instants, error: null },
      { id: null, instants: [], error: 'bad-line: line 5 is no JSON object: {' },
    ]);
  });

  it('a time beyond the zone data is neither never nor closed', async () => {
    const at = '2600-07-01T00:00:00Z';
    const [schedule] = await answers(
      [`{"cron":"0 0 * * *","zone":"Europe/Berlin","after":"${at}"}`],
      'schedule',
      'next',
    );
    const [window] = await answers([`{"window":"00:00-24:00","zone":"Europe/Berlin","at":"${at}"}`], 'window', 'at');
    for (const answer of [schedule, window])
      assert.match(String((answer as { error: unknown }).error), /^zone-data-ends: .*Europe\/Berlin/);
  });

  it('window at answers each line, also the bad ones', async () => {
    const found = await answers(
      [
        '{"id":"open","window":"fri 22:00-04:00","zone":"Europe/Berlin","at":"2026-11-28T01:00:00Z"}',
        '{"id":"closed","window":{"start":"22:00","end":"04:00","weekdays":["fri"]},"zone":"Europe/Berlin","at":"2026-11-28T12:00:00Z"}',
        '{"id":"theirs","alertmanager":{"days_of_month":["-1"],"location":"America/New_York"},"at":"2026-11-30T12:00:00Z"}',
        '{"id":"bad","window":{"weekday":"fri"},"zone":"Europe/Berlin","at":"2026-11-28T12:00:00Z"}',
        '{"id":"none","window":null,"zone":"Europe/Berlin","at":"2026-11-28T12:00:00Z"}',
        '{"id":"two","window":"fri 22:00-04:00","alertmanager":{},"zone":"Europe/Berlin","at":"2026-11-28T12:00:00Z"}',
      ],
      'window',
      'at',
    );
    assert.deepEqual(found.slice(0, 3), [
      { id: 'open', open: true, closesAt: '2026-11-28T03:00:00Z', opensAt: null, error: null },
      { id: 'closed', open: false, closesAt: null, opensAt: '2026-12-04T21:00:00Z', error: null },
      { id: 'theirs', open: true, closesAt: '2026-12-01T05:00:00Z', opensAt: null, error: null },
    ]);
    assert.match(String((found[3] as { error: unknown }).error), /^bad-window: \/weekday/);
    for (const answer of found.slice(4)) assert.match(String((answer as { error: unknown }).error), /^bad-case/);
  });

  it('end quietly when their reader leaves', async () => {
    const file = join(dir, 'many.jsonl');
    const line = '{"cron":"* * * * *","zone":"UTC","after":"2025-01-01T00:00:00Z","count":10000}\n';
    writeFileSync(file, line.repeat(20));
    const program = tocsinProcess('schedule', 'next', '--cases', file, '--json');
    const child = spawn(process.execPath, program, {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.once('data', () => child.stdout.destroy());
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    assert.deepEqual([code, signal, said], [0, null, '']);
  });

  it('a file that is not there is refused', async () => {
    const { code } = await cli({ PATH: process.env['PATH'] }, 'window', 'at', '--cases', join(dir, 'absent'), '--json');
    assert.equal(code, 2);
  });
});
