/** `tocsin detect` as an operator types it: one entry for each file, whatever it holds, and no server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { CloudEvent } from '../../triggers/events/cloud-event.ts';
import type { Rejection } from '../../triggers/sources/source.ts';
import { cli } from '../support/cli.ts';

interface Answer {
  readonly file: string;
  readonly source: string | null;
  readonly events: readonly CloudEvent[];
  readonly rejected: readonly Rejection[];
}

const folder = mkdtempSync(join(tmpdir(), 'tocsin-detect-'));
after(() => rmSync(folder, { recursive: true }));

const PUSH = {
  ref: 'refs/heads/main',
  before: 'a',
  after: 'b',
  repository: { full_name: 'acme/shop', pushed_at: 1_777_629_600 },
};
const written = (name: string, content: string): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
/** No server answers there. */
const env = { ...process.env, NATS_URL: 'nats://127.0.0.1:1', TEMPORAL_ADDRESS: '127.0.0.1:1' };
const detect = (...args: readonly string[]) => cli(env, 'detect', ...args);

describe('detect', () => {
  const push = written('push.json', JSON.stringify(PUSH));
  const missing = join(folder, 'missing.json');

  it('reads each file with the headers that are given, and says of one that it cannot be read', async () => {
    const { code, json, stderr } = await detect(push, missing, '--header', 'X-GitHub-Event: push', '--json');
    assert.deepEqual([code, stderr], [0, '']);
    const [read, unread, ...others] = json as readonly Answer[];
    assert.ok(read && unread);
    assert.deepEqual(others, []);
    assert.deepEqual(Object.keys(read).toSorted(), ['events', 'file', 'rejected', 'source']);
    assert.deepEqual([read.file, read.source, read.rejected], [push, 'github', []]);
    assert.deepEqual(
      read.events.map(({ type, subject, data }) => [type, subject, data]),
      [['tocsin.event.github.push', 'acme/shop', PUSH]],
    );
    assert.deepEqual([unread.file, unread.source, unread.events], [missing, null, []]);
    assert.deepEqual(
      unread.rejected.map(({ reason, place }) => [reason, place]),
      [['cannot-read', '']],
    );
  });

  it('a file that holds no payload at all is an answer too, beside those that do', async () => {
    const files = [
      written('cut.json', '{"ref":'),
      written('bytes.json', '\0\u0001'),
      written('empty.json', ''),
      folder,
      push,
    ];
    const { code, json } = await detect(...files, '-H', 'X-GitHub-Event: push', '--json');
    assert.equal(code, 0);
    assert.deepEqual(
      (json as readonly Answer[]).map(({ source, events, rejected }) => [source, events.length, rejected[0]?.reason]),
      [
        [null, 0, 'not-json'],
        [null, 0, 'not-json'],
        [null, 0, 'empty-body'],
        [null, 0, 'cannot-read'],
        ['github', 1, undefined],
      ],
    );
  });

  it('without --json it is a text of the same', async () => {
    const { code, stdout } = await detect(push, missing, '--header', 'X-GitHub-Event: push');
    assert.equal(code, 0);
    const [first, second, third, fourth] = stdout.split('\n');
    assert.equal(first, `${push}: github`);
    assert.match(second ?? '', /^ {2}tocsin\.event\.github\.push /);
    assert.equal(third, `${missing}: unknown`);
    assert.match(fourth ?? '', /^ {2}rejected : cannot-read, /);
  });
});
