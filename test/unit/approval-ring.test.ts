import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { makeKey } from '../../workers/approval-key.ts';
import { createApprovalRing } from '../../workers/approval-ring.ts';
import { loadConfig } from '../../workers/config.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-ring-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const publicKey = makeKey(join(dir, 'ann.pem'));
const withKeys = (...ids: readonly string[]): string =>
  stringify({ approvals: { keys: ids.map((id) => ({ id, person: id, publicKey })) } });

function ringOf(name: string) {
  const file = join(dir, name);
  writeFileSync(file, withKeys('ann'));
  const logged: string[] = [];
  const logger = {
    info: (_: object, text: string) => logged.push(text),
    error: (_: object, text: string) => logged.push(text),
  };
  const ring = createApprovalRing({ config: loadConfig({ file, env: {} }), file, logger: logger as never });
  return { file, logged, ids: () => ring().keys.map(({ id }) => id) };
}

describe('the key ring', () => {
  it('is read anew when the file has changed, written over or replaced, and not otherwise', () => {
    const { file, ids, logged } = ringOf('changes.yaml');
    assert.deepEqual([ids(), ids(), logged], [['ann'], ['ann'], []]);
    writeFileSync(file, withKeys('ann', 'bob'));
    assert.deepEqual(ids(), ['ann', 'bob']);
    writeFileSync(`${file}.new`, withKeys('carol'));
    renameSync(`${file}.new`, file);
    assert.deepEqual(ids(), ['carol']);
    assert.deepEqual(logged, ['the key ring was read anew', 'the key ring was read anew']);
  });

  it('a change between the start and the first decision is seen', () => {
    const { file, ids } = ringOf('early.yaml');
    writeFileSync(file, withKeys('bob'));
    assert.deepEqual(ids(), ['bob']);
  });

  it('answers nothing while the file is missing or has a fault, says so once, and goes on when it is whole', () => {
    const { file, ids, logged } = ringOf('faults.yaml');
    assert.deepEqual(ids(), ['ann']);
    writeFileSync(file, 'approvals: { keys: [');
    for (let i = 0; i < 3; i += 1)
      assert.throws(ids, /the key ring cannot be read, so no approval counts until it can: conf/);
    assert.deepEqual(logged, ['the key ring cannot be read: no approval counts']);
    rmSync(file);
    assert.throws(ids, /ENOENT/);
    writeFileSync(file, withKeys('bob'));
    assert.deepEqual([ids(), logged.length], [['bob'], 3]);
  });

  it('is that of the start when there was no file', () => {
    const config = loadConfig({ file: ringOf('none.yaml').file, env: {} });
    assert.deepEqual(createApprovalRing({ config, file: null, logger: console as never })().keys.length, 1);
  });
});
