import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { readTargets } from '../../../activities/inventory/read-targets.ts';
import { restartServiceTrigger } from '../../../triggers/restart-service.ts';
import { type Config, loadConfig } from '../../../workers/config.ts';
import { ruleProblems, targetRules } from '../../../workers/inventory/target-rules.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-inventory-config-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function load(document: object): Config {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, stringify(document));
  return loadConfig({ file, env: {} });
}
const withProviders = (...providers: readonly object[]): Config => load({ inventory: { providers } });
const FILE = { name: 'hosts', kind: 'file', path: 'targets.json' };
const SERVICE = { name: 'checkout', region: 'eu', health: 'https://a.test', status: ['a'], restart: ['b'] };

describe('configuration of the inventory', () => {
  it('there is nothing but `services` by default', () => {
    assert.deepEqual(load({}).inventory, { maxTargets: 10_000, providers: [], treatments: {}, allow: [] });
  });

  it('takes each kind of provider, treatments, rules and labels', () => {
    const config = load({
      services: [{ ...SERVICE, labels: { tier: 'web' } }],
      http: { allow: [{ origin: 'https://cmdb.test' }] },
      inventory: {
        providers: [
          { ...FILE, refresh: '10s', maxAge: '2d', regions: ['eu'] },
          { name: 'units', kind: 'command', argv: ['list-units'], timeout: '5s' },
          { name: 'cmdb', kind: 'http', url: 'https://cmdb.test/targets', bearer: 'env:CMDB_TOKEN' },
        ],
        treatments: { host: { health: 'https://{id}.test', status: ['a'], restart: ['b'] } },
        allow: [{ runbook: 'restartService', targets: { tier: ['web', 'api'] } }],
      },
    });
    assert.equal(config.inventory.providers.length, 3);
  });

  it('the example of the documentation is in order', () => {
    const document = readFileSync(join(import.meta.dirname, '../../../docs/inventory.md'), 'utf8');
    const [yaml = '', json = ''] = [...document.matchAll(/^```(?:yaml|json)\n(.*?)^```/gms)].map(([, text]) => text);
    const http = { allow: [{ origin: 'https://cmdb.example.com' }] };
    const { inventory } = load({
      ...(parse(yaml) as object),
      http,
      ssh: { knownHosts: '/k', identity: 'file:/i', user: 'u' },
    });
    assert.equal(inventory.providers.length, 3);
    const { targets } = readTargets(json, { provider: 'cmdb', format: 'json', regions: ['eu'], maxTargets: 1 });
    assert.equal(targets.length, 1);
  });

  for (const [why, provider, pattern] of [
    ['another kind', { name: 'a', kind: 'ldap' }, /kind/],
    ['an unknown key', { ...FILE, url: 'https://a.test' }, /\/inventory\/providers\/0\/url: is not known here/],
    ['no pause at all', { ...FILE, refresh: '0s' }, /providers\/0\/refresh/],
    [
      'an age shorter than its pause',
      { ...FILE, refresh: '2m', maxAge: '1m' },
      /maxAge: 60000 ms is not longer than refresh/,
    ],
    [
      'a region that is not configured',
      { ...FILE, regions: ['mars'] },
      /regions: mars is not configured; expected some of eu, us/,
    ],
    ['the name of `services`', { ...FILE, name: 'config' }, /config is there twice; it stands for `services`/],
    [
      'an address that may not be called',
      { name: 'a', kind: 'http', url: 'https://a.test' },
      /url: https:\/\/a\.test is not allowed by http\.allow; it has: nothing/,
    ],
    ['a secret in clear', { name: 'a', kind: 'http', url: 'https://a.test', bearer: 's3cret' }, /providers\/0\/bearer/],
    ['an empty command', { name: 'a', kind: 'command', argv: [] }, /providers\/0\/argv/],
  ] as const) {
    it(`a provider with ${why} is refused`, () => assert.throws(() => withProviders(provider), pattern));
  }

  it('two providers of one name are refused', () =>
    assert.throws(() => withProviders(FILE, FILE), /\/inventory\/providers: hosts is there twice/));

  for (const [why, document, pattern] of [
    ['a service is there twice', { services: [SERVICE, SERVICE] }, /\/services: checkout in eu is there twice/],
    ['a service has the name of an option', { services: [{ ...SERVICE, name: '-x' }] }, /\/services\/0\/name/],
    ['a label hides a part', { services: [{ ...SERVICE, labels: { region: 'us' } }] }, /\/services\/0\/labels\/region/],
    ['a rule has no label', { inventory: { allow: [{ targets: {} }] } }, /\/inventory\/allow\/0\/targets/],
    [
      'a rule has no value',
      { inventory: { allow: [{ targets: { tier: [] } }] } },
      /\/inventory\/allow\/0\/targets\/tier/,
    ],
    ['nothing may be known', { inventory: { maxTargets: 0 } }, /\/inventory\/maxTargets/],
  ] as const) {
    it(`is refused when ${why}`, () => assert.throws(() => load(document), pattern));
  }

  describe('rules', () => {
    const names = { triggers: [restartServiceTrigger], runbooks: ['restartService'] };
    const allowing = (...allow: readonly object[]) => load({ inventory: { allow } }).inventory;

    it('of configuration and of triggers hold together', () => {
      const trigger = { ...restartServiceTrigger, targets: { team: 'shop' } };
      assert.deepEqual(targetRules(allowing({ targets: { tier: 'web' } }), [trigger, restartServiceTrigger]), [
        { targets: { tier: 'web' } },
        { trigger: 'restart-service', targets: { team: 'shop' } },
      ]);
    });

    it('for names that exist are in order', () => {
      const targets = { tier: 'web' };
      const inventory = allowing({ runbook: 'restartService', targets }, { trigger: 'restart-service', targets });
      assert.deepEqual(ruleProblems(inventory, names), []);
    });

    it('for others would restrict nothing, and are mistakes', () => {
      const inventory = allowing({ runbook: 'restartservice', trigger: 'restart', targets: { tier: 'web' } });
      assert.deepEqual(ruleProblems(inventory, names), [
        '/inventory/allow/0/runbook: restartservice is unknown; expected one of restartService',
        '/inventory/allow/0/trigger: restart is unknown; expected one of restart-service',
      ]);
    });

    it('of a trigger that names no label are mistakes', () => {
      const triggers = [{ ...restartServiceTrigger, targets: {} }];
      assert.match(
        ruleProblems(allowing(), { ...names, triggers })[0] ?? '',
        /trigger restart-service: targets is empty/,
      );
    });
  });
});
