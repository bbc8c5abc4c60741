import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createDiskActivities } from '../../activities/disks.ts';
import type { ClearRule } from '../../activities/disk-definition.ts';
import { servicesOf } from '../support/services.ts';
import { type SmallDisk, lacksMount, mountSmallDisk } from '../support/small-disk.ts';
import { type TestSshd, lacksSshd, startSshd } from '../support/sshd.ts';

const DAY_MS = 86_400_000;
const DAY_HOURS = 24;
const JOURNALCTL = '/usr/bin/journalctl';
const lacksJournalctl = existsSync(JOURNALCTL) ? false : `${JOURNALCTL} is missing: install systemd`;

describe('disks', { skip: lacksSshd || lacksMount }, () => {
  let dir: string;
  let sshd: TestSshd;
  let disk: SmallDisk;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-disks-'));
    sshd = await startSshd(dir);
  });
  after(async () => {
    await sshd?.kill();
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(() => {
    disk = mountSmallDisk(8);
  });
  afterEach(() => disk.close());

  const activities = () => {
    const prune: ClearRule = {
      kind: 'prune',
      name: 'old-logs',
      directory: join(disk.path, 'logs/app'),
      files: '*.log',
      olderThanMs: DAY_MS,
    };
    const own = { name: 'web-1', region: 'eu', address: '127.0.0.1', port: sshd.host.port, user: sshd.host.user };
    return createDiskActivities(
      servicesOf({
        region: 'eu',
        services: [{ name: 'checkout', region: 'eu', systemd: { host: 'web-1', unit: 'checkout.service' } }],
        allow: [],
        ssh: sshd.ssh,
        hosts: [own, { ...own, name: 'web-2', labels: { tier: 'other' } }],
        disks: [
          {
            targets: { id: 'web-1' },
            path: disk.path,
            fullAt: 80,
            clear: [prune, { kind: 'journal', name: 'journal', keep: '2M' }],
          },
          { targets: { id: 'web-1' }, path: join(disk.path, 'logs'), fullAt: 80, clear: [prune] },
        ],
      }),
    );
  };
  /** As an attempt of an activity. */
  const step = <T>(work: () => Promise<T>): Promise<T> =>
    // A command has to end within its attempt.
    new MockActivityEnvironment({ startToCloseTimeoutMs: 60_000 }, { logger: new DefaultLogger('ERROR') }).run<
      [],
      T,
      () => Promise<T>
    >(work);
  const observe = (host = 'web-1', path = disk.path) => step(() => activities().observeDisk({ host, path }));
  const clear = (rule = 'old-logs') => step(() => activities().clearByRule({ host: 'web-1', path: disk.path, rule }));

  it('tells how full a disk is, and what may be cleared', async () => {
    assert.deepEqual(await observe(), { usedPercent: 0, freeKiB: 8_192, full: false, rules: ['old-logs', 'journal'] });
    disk.write('logs/app/1.log', 7_000, 0);
    const { usedPercent, freeKiB, full } = await observe();
    assert.deepEqual([usedPercent, freeKiB, full], [86, 1_192, true]);
  });

  it('deletes old files of the pattern in the directory and below, and nothing else', async () => {
    const gone = [disk.write('logs/app/1.log', 5, 25), disk.write('logs/app/deep/two words\n.log', 7, 2 * DAY_HOURS)];
    const kept = [
      disk.write('logs/app/young.log', 1, 23),
      disk.write('logs/app/1.txt', 1, 100),
      disk.write('logs/other/1.log', 1, 100),
      disk.write('1.log', 1, 100),
    ];
    assert.deepEqual(await clear(), { files: 2, bytes: 12 * 1_024 });
    assert.deepEqual(
      [...gone, ...kept].map((file) => existsSync(file)),
      [false, false, true, true, true, true],
    );
    assert.deepEqual(await clear(), { files: 0, bytes: 0 }, 'a second time there is nothing left');
  });

  it('follows no link out of the directory, and deletes none', async () => {
    const outside = disk.write('outside/1.log', 1, 100);
    mkdirSync(join(disk.path, 'logs/app'), { recursive: true });
    symlinkSync(join(disk.path, 'outside'), join(disk.path, 'logs/app/link'));
    symlinkSync(outside, join(disk.path, 'logs/app/link.log'));
    assert.deepEqual(await clear(), { files: 0, bytes: 0 });
    assert.deepEqual([existsSync(outside), existsSync(join(disk.path, 'logs/app/link.log'))], [true, true]);
  });

  for (const replaced of ['logs/app', 'logs'])
    it(`refuses when ${replaced} has become a link to somewhere else`, async () => {
      const outside = disk.write('outside/app/1.log', 1, 100);
      mkdirSync(join(disk.path, 'logs/app'), { recursive: true });
      renameSync(join(disk.path, replaced), join(disk.path, 'aside'));
      symlinkSync(join(disk.path, replaced === 'logs' ? 'outside' : 'outside/app'), join(disk.path, replaced));
      await assert.rejects(clear(), permanent('DirectoryRefused', /a link leads elsewhere; nothing was deleted/));
      assert.equal(existsSync(outside), true);
    });

  it('refuses a directory that is not there', () =>
    assert.rejects(clear(), permanent('DirectoryRefused', /logs\/app on web-1 is not there/)));

  for (const [what, host, path, type, pattern] of [
    ['a host nobody has named', 'web-9; reboot', '', 'TargetNotAllowed', /not in the inventory/],
    ['a target that is no host', 'checkout', '', 'TargetNotAllowed', /is of kind service, expected host/],
    ['a disk of another host', 'web-2', '', 'NoDisk', /it has: none/],
    ['a disk nobody has named', 'web-1', '/', 'NoDisk', /web-1 has no disk "\/" in the configuration/],
    ['a path that leads out', 'web-1', '/../', 'NoDisk', /no disk/],
    ['what is no mount point', 'web-1', '/logs', 'NoDisk', /nothing is mounted on .*\/logs of web-1/],
  ] as const)
    it(`refuses ${what}`, async () => {
      mkdirSync(join(disk.path, 'logs'));
      const given = path === '/' ? path : `${disk.path}${path}`;
      await assert.rejects(observe(host, given), permanent(type, pattern));
    });

  it('refuses a rule nobody has written', () =>
    assert.rejects(clear('everything'), permanent('NoDisk', /no rule "everything"/)));

  it('keeps the journal to its size: its oldest archived files go', { skip: lacksJournalctl }, async () => {
    const archived = [1, 2, 3].map((number) =>
      disk.write(
        `journal/system@${'0'.repeat(32)}-000000000000000${number}-000500000000000${number}.journal`,
        1_024,
        0,
      ),
    );
    const other = disk.write('journal/other.log', 1_024, 100);
    // The real one, but not on what this machine has.
    const own = `--directory='${join(disk.path, 'journal')}'`;
    writeFileSync(join(sshd.bin, 'journalctl'), `#!/bin/sh\nexec ${JOURNALCTL} ${own} "$@"\n`, { mode: 0o755 });
    assert.deepEqual(await clear('journal'), { files: null, bytes: null });
    assert.deepEqual(
      [...archived, other].map((file) => existsSync(file)),
      [false, true, true, true],
    );
  });
});

const permanent = (type: string, pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApplicationFailure, String(error));
  assert.deepEqual([error.type, error.nonRetryable], [type, true]);
  assert.match(error.message, pattern);
  return true;
};
