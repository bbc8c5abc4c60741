import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Config, loadConfig } from '../../workers/config.ts';
import { natsServers } from '../../workers/connect.ts';
import { regionOf, zoneOf } from '../../workers/regions.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-regions-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function load(regions: string): Config {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, regions);
  return loadConfig({ file, env: {} });
}

function problems(regions: string): string[] {
  try {
    load(regions);
    return [];
  } catch (error) {
    return String((error as Error).message)
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

const WEST = `regions:
  - eu
  - { name: us-west, zone: America/Vancouver, queue: west, nats: { url: 'nats://west:4222', domain: w }, failOver: [eu], whenNoWorker: failOver, noWorkerAfter: 20s }
`;

describe('regions of the configuration', () => {
  it('are names, with everything else by default', () => {
    const config = load('regions: [eu, us]');
    assert.deepEqual(config.regions, ['eu', 'us']);
    assert.deepEqual(regionOf(config, 'us'), {
      name: 'us',
      zone: null,
      queue: 'activities-us',
      natsUrl: null,
      natsDomain: null,
      failOver: [],
      whenNoWorker: 'wait',
      noWorkerAfterMs: 60_000,
    });
  });

  it('or say where they are, who takes their steps, and what happens when nobody does', () => {
    const config = load(WEST);
    assert.deepEqual(config.regions, ['eu', 'us-west']);
    assert.equal(zoneOf(config, 'us-west'), 'America/Vancouver');
    assert.equal(zoneOf(config, 'eu'), null);
    assert.throws(() => zoneOf(config, 'mars'), /region "mars" is not configured; expected one of eu, us-west/);
    const { queue, failOver, whenNoWorker, noWorkerAfterMs } = regionOf(config, 'us-west');
    assert.deepEqual(
      { queue, failOver, whenNoWorker, noWorkerAfterMs },
      { queue: 'west', failOver: ['eu'], whenNoWorker: 'failOver', noWorkerAfterMs: 20_000 },
    );
  });

  it('share a connection when they share a server', () => {
    const config = load(`regions:
  - eu
  - { name: us, zone: America/New_York, nats: { url: 'nats://us:4222' } }
  - { name: ap, zone: Asia/Tokyo }
  - { name: edge, zone: Asia/Tokyo, nats: { domain: edge } }
`);
    assert.deepEqual(
      natsServers(config).map(({ domain, regions }) => ({ domain, regions })),
      [
        { domain: null, regions: ['eu', 'ap'] },
        { domain: null, regions: ['us'] },
        { domain: 'edge', regions: ['edge'] },
      ],
    );
    assert.deepEqual(natsServers(config, ['us']), [{ url: 'nats://us:4222', domain: null, regions: ['us'] }]);
  });

  const wrong: readonly (readonly [why: string, entry: string, problem: RegExp])[] = [
    ['a zone that is none', '{ name: a, zone: Europe/Atlantis }', /^2:\d+ \/regions\/0\/zone: .*Atlantis/],
    ['a zone in lower case', '{ name: a, zone: europe/berlin }', /^2:\d+ \/regions\/0\/zone: .*Europe\/Berlin/],
    ['an abbreviation', '{ name: a, zone: PST }', /\/regions\/0\/zone: .*America\/Los_Angeles/],
    ['an offset', '{ name: a, zone: "+02:00" }', /\/regions\/0\/zone: /],
    ['an empty zone', '{ name: a, zone: "" }', /\/regions\/0\/zone: /],
    ['no zone', '{ name: a }', /\/regions\/0: must have required property 'zone'/],
    ['a word that is not known', '{ name: a, zone: UTC, zoen: UTC }', /\/regions\/0\/zoen: is not known here/],
    ['a policy that is not known', '{ name: a, zone: UTC, whenNoWorker: panic }', /whenNoWorker: .*\["wait"/],
    ['fail-over to nowhere', '{ name: a, zone: UTC, whenNoWorker: failOver }', /failOver needs a list/],
    ['fail-over to a stranger', '{ name: a, zone: UTC, failOver: [b] }', /failOver: b, expected some of other/],
    ['fail-over to itself', '{ name: a, zone: UTC, failOver: [a] }', /failOver: a, expected some of other/],
    ['the name of another', '{ name: other, zone: UTC }', /\/regions\/1: other is there twice/],
    ['the queue of another', '{ name: a, zone: UTC, queue: activities-other }', /\/regions\/1\/queue: .* of a, expec/],
    ['the queue of the runbooks', '{ name: a, zone: UTC, queue: runbooks }', /queue of the runbooks/],
    ['a password in the address', '{ name: a, zone: UTC, nats: { url: "nats://u:p@h" } }', /without user and password/],
    ['a number', '7', /\/regions\/0: must be string,object/],
    ['an upper-case name', 'EU', /\/regions\/0: expected a name of lower-case/],
  ];
  for (const [why, entry, problem] of wrong)
    it(`refuses ${why}, with its place`, () => {
      const found = problems(`regions:\n  - ${entry}\n  - other\n`);
      assert.equal(found.length > 0, true);
      assert.match(found.join('\n'), problem);
    });
});
