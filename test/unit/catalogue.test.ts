import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Catalogue, catalogueOf } from '../../workers/catalogue/catalogue.ts';
import { catalogueMarkdown } from '../../workers/catalogue/catalogue-markdown.ts';
import { catalogueSvg } from '../../workers/catalogue/catalogue-svg.ts';
import { loadConfig } from '../../workers/config.ts';
import { registeredActivities } from '../../workers/registered-activities.ts';

const ROOT = join(import.meta.dirname, '../..');
const shipped = catalogueOf(loadConfig({ file: join(ROOT, 'tocsin.yaml') }));

/** Names and texts that must stay text, whoever wrote them. */
const HOSTILE = '<script>"&|`x';
const hostile: Catalogue = {
  ...shipped,
  triggers: shipped.triggers.map((each) => ({ ...each, on: HOSTILE, window: HOSTILE, otherwise: 'hold' })),
  runbooks: shipped.runbooks.map((each) => ({ ...each, about: HOSTILE, limits: [HOSTILE], problem: HOSTILE })),
};

describe('catalogue', () => {
  it('has each trigger with its mode and each runbook with what it calls', () => {
    const drain = shipped.runbooks.find(({ name }) => name === 'drainNode');
    assert.deepEqual(drain?.triggers, ['drain-node']);
    assert.deepEqual(
      drain?.activities.map(({ name, kind }) => `${kind} ${name}`),
      ['look observeNode', 'effect cordonNode', 'effect evictPods', 'effect uncordonNode'],
    );
    assert.match(drain?.about ?? '', /^Drain a node: .*\.$/);
    assert.equal(shipped.triggers.find(({ id }) => id === 'drain-node')?.mode, 'approve');
    assert.deepEqual(
      shipped.runbooks.filter(({ problem }) => problem !== null),
      [],
    );
  });

  it('says that a runbook names a limit that the configuration does not have', () => {
    const config = loadConfig({ file: join(ROOT, 'tocsin.yaml') });
    const without = catalogueOf({ ...config, limits: [] });
    const [mine, missing] = [shipped, without].map(({ limits }) =>
      limits.find(({ name }) => name === 'drain-per-pool'),
    );
    assert.deepEqual([mine?.configured, mine?.runbooks], [true, ['drainNode']]);
    assert.deepEqual([missing?.configured, missing?.runbooks], [false, ['drainNode']]);
    assert.match(catalogueMarkdown(without, null), /`drain-per-pool` \(not in the configuration\)/);
  });

  it('keeps foreign text in its cell and out of the markup', () => {
    const page = catalogueMarkdown(hostile, 'catalogue.svg');
    const tables = page.split('\n').filter((line) => line.startsWith('|'));
    for (const line of tables.filter((each) => each.includes('script')))
      assert.equal(
        line.match(/(?<!\\)\|/g)?.length,
        line.includes('cannot be read') ? 9 : line.includes('hold') ? 10 : 6,
      );
    assert.ok(page.includes('cannot be read: &lt;script>'));
    const svg = catalogueSvg(hostile);
    assert.ok(!svg.includes('<script'));
    assert.ok(svg.includes('&lt;script&gt;&quot;&amp;|'));
  });

  it('needs nothing from outside in its diagram', () => {
    const svg = catalogueSvg(shipped);
    assert.doesNotMatch(svg.replace('http://www.w3.org/2000/svg', ''), /https?:|url\(|<script|@import/);
    for (const { id } of shipped.triggers) assert.ok(svg.includes(`>${id}</text>`), id);
  });

  it('says nothing of activities that cannot be made without their real dependencies', () => {
    const createActivities = (): never => {
      throw new Error('no database');
    };
    assert.equal(registeredActivities({ createActivities }), null);
    assert.equal(registeredActivities()?.get('restartUnit'), 'effect');
  });
});
