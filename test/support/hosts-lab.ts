/**
 * An installation whose targets are on another host: a real sshd, units under a stand-in for systemctl, and a small disk of its own. The host
 * keeps its own record of what was done to it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceTarget } from '../../activities/service-treatment.ts';
import { type BeginRun, beginsRuns } from './begin-run.ts';
import { type Installation, startInstallation } from './installation.ts';
import { type SmallDisk, lacksMount, mountSmallDisk } from './small-disk.ts';
import { type TestSshd, lacksSshd, startSshd } from './sshd.ts';
import { type TestUnits, installSystemctl } from './systemctl.ts';

/** Why tests with it are skipped; false where they run. */
export const lacksHosts = lacksSshd || lacksMount;
export const LAB_UNIT = 'checkout.service';
const HOST = 'web-1';
const DISK_MIB = 16;

export interface HostsLab {
  readonly tocsin: Installation;
  readonly sshd: TestSshd;
  readonly units: TestUnits;
  readonly disk: SmallDisk;
  /** Keys of the steps that have pruned, by the host's own record, in their order. */
  prunes(): readonly string[];
  /** Old files that may be deleted, and one that may not; the disk is full with them, and has room without those of both rules. */
  fillDisk(): void;
  /** As a trigger's dispatcher starts a run; resolves to its workflow id. */
  readonly begin: BeginRun;
  stop(): Promise<void>;
}

export interface LabOptions {
  /** More services of the inventory. */
  readonly services?: readonly ServiceTarget[];
  /** More sections of the configuration. */
  readonly config?: object;
  /** More environment for the roles. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function startHostsLab({ services = [], config = {}, env = {} }: LabOptions = {}): Promise<HostsLab> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-hosts-'));
  const sshd = await startSshd(dir, HOST);
  const disk = mountSmallDisk(DISK_MIB);
  const units = installSystemctl(sshd.bin, dir);
  const record = join(dir, 'prunes');
  installFind(sshd.bin, record, units);
  const { port, user, address } = sshd.host;
  const prune = (name: string, files: string) => ({
    kind: 'prune',
    name,
    directory: join(disk.path, 'logs/app'),
    files,
    olderThan: '1d',
  });
  const tocsin = await startInstallation({
    env,
    config: (service) => ({
      ssh: { knownHosts: sshd.knownHosts, identity: `file:${sshd.identity}`, user },
      hosts: [{ name: HOST, region: 'eu', address, port }],
      services: [
        { name: 'checkout', region: 'eu', systemd: { host: HOST, unit: LAB_UNIT } },
        { ...service.target, name: 'local' },
        ...services,
      ],
      disks: [
        {
          targets: { id: HOST },
          path: disk.path,
          fullAt: 50,
          clear: [prune('old-archives', '*.gz'), prune('old-logs', '*.log')],
        },
      ],
      ...config,
    }),
  });
  const begin = beginsRuns(tocsin, HOST);
  return {
    tocsin,
    sshd,
    units,
    disk,
    prunes: () => readFileSync(record, 'utf8').split('\n').slice(0, -1),
    fillDisk: () => {
      writeFileSync(record, '');
      rmSync(units.begun, { force: true });
      disk.write('logs/app/1.gz', 3_000, 48);
      disk.write('logs/app/deep/1.log', 4_000, 48);
      disk.write('logs/app/young.log', 4_000, 1);
    },
    begin,
    stop: async () => {
      await tocsin.stop();
      await sshd.kill();
      disk.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The real `find`, which notes the key of its step, and waits where a test wants to look. */
function installFind(bin: string, record: string, { begun, hold }: TestUnits): void {
  writeFileSync(record, '');
  const script = [
    '#!/bin/sh',
    `echo "$TOCSIN_KEY" >>'${record}'`,
    '/usr/bin/find "$@"; code=$?',
    `: >'${begun}'`,
    `while [ -e '${hold}' ]; do sleep 0.05; done`,
    'exit "$code"',
  ];
  writeFileSync(join(bin, 'find'), `${script.join('\n')}\n`, { mode: 0o755 });
}
