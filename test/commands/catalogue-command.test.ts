/** `tocsin docs`: no server, the definitions of this repository. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Catalogue } from '../../workers/catalogue/catalogue.ts';
import { cli } from '../support/cli.ts';
import { assertWellFormed } from '../support/xml.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-docs-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const docs = (...args: readonly string[]) => cli(process.env, 'docs', ...args);

describe('tocsin docs', () => {
  it('--out writes the page and the diagram that it shows, and names both', async () => {
    const out = join(dir, 'not/there/yet');
    const files = [join(out, 'catalogue.md'), join(out, 'catalogue.svg')];
    const { code, stdout, stderr } = await docs('--out', out);
    assert.deepEqual([code, stdout, stderr], [0, `${files.join('\n')}\n`, '']);
    assert.deepEqual(readdirSync(out).toSorted(), ['catalogue.md', 'catalogue.svg']);

    const page = readFileSync(join(out, 'catalogue.md'), 'utf8');
    const [, shown = ''] = /!\[[^\]]+\]\(([^)]+)\)/.exec(page) ?? [];
    assert.ok(existsSync(join(out, shown)), `the page shows ${shown}`);
    assert.match(page, /\| `drain-node` +\| .* \| approve +\| `drainNode` /);

    const svg = readFileSync(join(out, 'catalogue.svg'), 'utf8');
    assertWellFormed(svg);
    assert.match(svg, />drain-node<\/text>/);
  });

  it('--json says what is in them, and which files they are', async () => {
    const { code, json } = await docs('--json', '--out', dir);
    const { files, runbooks, triggers } = json as Catalogue & { readonly files: readonly string[] };
    assert.deepEqual([code, files], [0, [join(dir, 'catalogue.md'), join(dir, 'catalogue.svg')]]);
    assert.ok(triggers.some(({ id, run }) => id === 'drain-node' && run === 'drainNode'));
    assert.ok(runbooks.some(({ name }) => name === 'drainNode'));
  });

  it('prints the page alone when no folder is named', async () => {
    const { code, stdout } = await docs();
    assert.equal(code, 0);
    assert.match(stdout, /^# Catalogue\n/);
    assert.doesNotMatch(stdout, /!\[/);
  });
});
