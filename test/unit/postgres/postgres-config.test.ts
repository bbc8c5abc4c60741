import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { type Config, loadConfig } from '../../../workers/config.ts';
import { openInventory } from '../../../workers/inventory/open-inventory.ts';
import { refuseUnsafe } from '../../../workers/production.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-postgres-config-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function load(document: object): Config {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, stringify(document));
  return loadConfig({ file, env: {} });
}
const SHOP = { name: 'shop', region: 'eu', url: 'env:SHOP_URL' };

describe('configuration of databases', () => {
  it('there are none by default, and one that is named is a target of kind postgres with TLS', () => {
    assert.deepEqual(load({}).postgres, []);
    const config = load({ postgres: [{ ...SHOP, service: 'checkout', labels: { tier: 'data' } }] });
    assert.equal(config.postgres[0]?.tls, 'verify');
    assert.deepEqual(openInventory(config).inventory.find('shop', 'eu'), {
      id: 'shop',
      kind: 'postgres',
      service: 'checkout',
      region: 'eu',
      labels: { tier: 'data' },
      provider: 'config',
    });
  });

  for (const [why, postgres, pattern] of [
    ['a password in clear', [{ ...SHOP, url: 'postgres://app:pw@db/shop' }], /\/postgres\/0\/url/],
    ['no address', [{ name: 'shop', region: 'eu' }], /url/],
    [
      'a region that is not ours',
      [{ ...SHOP, region: 'moon' }],
      /\/postgres\/0\/region: shop is in moon, expected one of eu, us/,
    ],
    ['the same name twice', [SHOP, SHOP], /\/services: shop in eu is there twice/],
    ['a name with a slash', [{ ...SHOP, name: '../shop' }], /\/postgres\/0\/name/],
    ['TLS without a check', [{ ...SHOP, tls: 'trust' }], /\/postgres\/0\/tls/],
  ] as const)
    it(`refuses ${why}`, () => assert.throws(() => load({ postgres }), pattern));

  it('a database may not have the name of a service', () => {
    const service = { name: 'shop', region: 'eu', health: 'https://a.test', status: ['a'], restart: ['b'] };
    assert.throws(() => load({ services: [service], postgres: [SHOP] }), /shop in eu is there twice/);
  });

  it('profile production refuses one that is spoken to in clear', async () => {
    const config = load({ profile: 'production', postgres: [{ ...SHOP, tls: 'off' }] });
    await assert.rejects(
      refuseUnsafe(config, {}),
      /clear-text: database shop is spoken to in clear, expected tls: verify/,
    );
  });
});
