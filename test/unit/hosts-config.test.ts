import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { type Config, loadConfig } from '../../workers/config.ts';
import { diskDefinitions } from '../../workers/disks-schema.ts';
import { openSsh } from '../../workers/open-ssh.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-hosts-config-'));
after(() => rmSync(dir, { recursive: true, force: true }));

function load(document: object): Config {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, stringify(document));
  return loadConfig({ file, env: {} });
}

const SSH = { knownHosts: '/etc/tocsin/known_hosts', identity: 'file:/run/secrets/key', user: 'tocsin' };
const HOST = { name: 'web-1', region: 'eu' };
const UNIT = { name: 'checkout', region: 'eu', systemd: { host: 'web-1', unit: 'checkout.service' } };
const PRUNE = { kind: 'prune', name: 'old', directory: '/var/log/shop', files: '*.log.*', olderThan: '3d' };
const DISK = { targets: { kind: 'host' }, path: '/var/log', clear: [PRUNE] };

describe('configuration of hosts', () => {
  it('a host is reached under its name, at port 22, as the default user, unless it says otherwise', () => {
    const named = { ...HOST, name: 'web-2', address: '10.0.0.5', port: 2222, user: 'deploy' };
    const { hostOf } = openSsh(load({ ssh: SSH, hosts: [HOST, named] }));
    assert.deepEqual(hostOf('web-1', 'eu'), { name: 'web-1', address: 'web-1', port: 22, user: 'tocsin' });
    assert.deepEqual(hostOf('web-2', 'eu'), { name: 'web-2', address: '10.0.0.5', port: 2222, user: 'deploy' });
    assert.equal(hostOf('web-2', 'us').address, 'web-2', 'a host of the same name elsewhere is another one');
  });

  it('without ssh every attempt to reach a host says so', () =>
    assert.rejects(
      openSsh(load({ hosts: [HOST] })).ssh.run(
        { name: 'web-1', address: 'web-1', port: 22, user: '' },
        { argv: ['true'], timeoutMs: 1 },
      ),
      /the configuration has no ssh/,
    ));

  it('the age of what may be deleted is a time', () => {
    const [disk] = diskDefinitions(load({ disks: [DISK] }).disks);
    assert.deepEqual(
      [disk?.fullAt, disk?.clear],
      [85, [{ kind: 'prune', name: 'old', directory: '/var/log/shop', files: '*.log.*', olderThanMs: 259_200_000 }]],
    );
  });

  for (const page of ['ssh.md', 'runbooks/clearDisk.md', 'runbooks/restartService.md'])
    it(`the example of docs/${page} is in order`, () => {
      const document = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8');
      const [yaml = ''] = [...document.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text);
      load({ ssh: SSH, ...(parse(yaml) as object) });
    });

  const prune = (change: object) => ({ disks: [{ ...DISK, clear: [{ ...PRUNE, ...change }] }] });
  for (const [why, document, pattern] of [
    ['a unit without ssh', { services: [UNIT] }, /\/services\/0\/systemd: needs ssh/],
    [
      'a unit with commands beside it',
      { ssh: SSH, services: [{ ...UNIT, status: ['a'] }] },
      /\/services\/0\/status: is there beside systemd/,
    ],
    [
      'neither unit nor commands',
      { services: [{ name: 'a', region: 'eu' }] },
      /\/services\/0\/restart: is missing, or systemd/,
    ],
    [
      'half a treatment',
      { inventory: { treatments: { unit: { health: 'https://a.test' } } } },
      /\/inventory\/treatments\/unit\/status: is missing/,
    ],
    [
      'a unit that is an option',
      { ssh: SSH, services: [{ ...UNIT, systemd: { host: 'web-1', unit: '--now' } }] },
      /systemd\/unit/,
    ],
    [
      'a host that is an option',
      { ssh: SSH, hosts: [{ ...HOST, address: '-oProxyCommand=x' }] },
      /\/hosts\/0\/address/,
    ],
    [
      'a host of no region',
      { hosts: [{ ...HOST, region: 'mars' }] },
      /\/hosts: web-1 is in mars, expected one of eu, us/,
    ],
    [
      'a host and a service of one name',
      { ssh: SSH, hosts: [HOST], services: [{ ...UNIT, name: 'web-1' }] },
      /web-1 in eu is there twice/,
    ],
    ['a key in clear', { ssh: { ...SSH, identity: '-----BEGIN' } }, /\/ssh\/identity/],
    ['a key in the environment, which ssh cannot read', { ssh: { ...SSH, identity: 'env:KEY' } }, /\/ssh\/identity/],
    ['known hosts with an option behind them', { ssh: { ...SSH, knownHosts: '/a b' } }, /\/ssh\/knownHosts/],
    ['the root of everything', prune({ directory: '/' }), /directory/],
    ['a directory that leads out', prune({ directory: '/var/log/../../etc' }), /directory/],
    [
      'a directory of the system',
      { disks: [{ ...DISK, path: '/', clear: [{ ...PRUNE, directory: '/etc/shop' }] }] },
      /\/etc\/shop is a part of \/etc, where nothing is deleted/,
    ],
    [
      'a directory of another disk',
      prune({ directory: '/var/cache/shop' }),
      /\/disks\/0\/clear\/0\/directory: \/var\/cache\/shop is not on \/var\/log/,
    ],
    ['a directory beside the disk', prune({ directory: '/var/logs/shop' }), /is not on \/var\/log/],
    ['every file', prune({ files: '*' }), /files/],
    ['files of another directory', prune({ files: '../*.log' }), /files/],
    ['no age', prune({ olderThan: '0d' }), /olderThan/],
    ['two rules of one name', { disks: [{ ...DISK, clear: [PRUNE, PRUNE] }] }, /a name is there twice/],
  ] as const)
    it(`refuses ${why}`, () => assert.throws(() => load(document), pattern));
});
