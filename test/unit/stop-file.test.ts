import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { clearStopFile, parseStopFile, readStopFile, writeStopFile } from '../../workers/red-button/stop-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-stop-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const scopes = (text: string): string[] => parseStopFile(text, 'STOP', '').map(({ scope }) => scope);
const scopesOf = async (file: string): Promise<string[]> => (await readStopFile(file)).map(({ scope }) => scope);

describe('stop file', () => {
  for (const [text, expected, why] of [
    ['', ['all'], 'empty, as `touch` makes it'],
    ['\n  \n# because\n', ['all'], 'only a reason'],
    ['service=checkout', ['service=checkout'], 'without a reason'],
    ['service=checkout # disk full\nregion=eu\n', ['service=checkout', 'region=eu'], 'several scopes'],
    ['note=a#b # why', ['note=a#b'], 'the sign within a value'],
    ['all\r\n', ['all'], 'written elsewhere'],
    ['please stop', ['all'], 'not understood'],
    ['service=checkout\nplease', ['all'], 'not understood in part'],
  ] as const)
    it(`${JSON.stringify(text)}: ${why}`, () => assert.deepEqual(scopes(text), expected));

  it('a reason is told', () => {
    assert.equal(parseStopFile('all # disk full, anna', 'STOP', '')[0]?.why, 'disk full, anna');
  });

  it('none stops nothing, one that cannot be read stops everything', async () => {
    assert.deepEqual(await readStopFile(join(dir, 'none')), []);
    mkdirSync(join(dir, 'folder'));
    const [stop] = await readStopFile(join(dir, 'folder'));
    assert.equal(stop?.scope, 'all');
    assert.match(stop?.why ?? '', /cannot be read/);
  });

  it('scopes are added and taken out one by one; the last takes the file away', async () => {
    const file = join(dir, 'new', 'STOP');
    writeStopFile(file, 'service=checkout', 'a\nb');
    writeStopFile(file, 'all', '');
    writeStopFile(file, 'all', 'again');
    assert.deepEqual(await scopesOf(file), ['service=checkout', 'all']);
    assert.equal(readFileSync(file, 'utf8'), 'service=checkout # a b\nall # again\n');
    assert.equal(clearStopFile(file, 'region=eu'), 'absent');
    assert.equal(clearStopFile(file, 'all'), 'cleared');
    assert.deepEqual(await scopesOf(file), ['service=checkout']);
    assert.equal(clearStopFile(file, 'service=checkout'), 'cleared');
    assert.equal(existsSync(file), false);
    assert.equal(clearStopFile(file, 'all'), 'absent');
  });

  it('a file that stops everything in whatever way is taken away with `all`', () => {
    for (const text of ['', 'garbled']) {
      const file = join(dir, 'odd');
      writeFileSync(file, text);
      assert.equal(clearStopFile(file, 'service=x'), 'absent');
      assert.equal(clearStopFile(file, 'all'), 'cleared');
      assert.equal(existsSync(file), false);
    }
  });
});
