/**
 * What can go wrong with a host while clearDisk works on it, and with those who are asked: each time the run ends, and its post-mortem names the
 * step, what was done, and what is left to do for a human. A real sshd, a real file system, the real find. Minutes, so run by name.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { makeKeys } from '../support/approvals.ts';
import { type FaultEnd, ended, judgeFault } from '../support/faulty-run.ts';
import { type HostsLab, lacksHosts, startHostsLab } from '../support/hosts-lab.ts';
import { approveTooLate } from '../support/late-approval.ts';
import { until } from '../support/until.ts';

interface Fault extends Omit<FaultEnd, 'done'> {
  readonly name: string;
  readonly context?: Partial<RunContext>;
  readonly boundMs?: number;
  /** Before the run begins; else while the host deletes by the first rule. */
  readonly before?: true;
  /** Returns what takes it back. */
  readonly strike: (lab: HostsLab) => Promise<() => Promise<void> | void>;
  /** After it was struck. */
  readonly meanwhile?: (lab: HostsLab, id: string) => Promise<void>;
  /** Rules that were applied. */
  readonly rules: readonly string[];
  /** Which of the two old files are gone. */
  readonly deleted: readonly string[];
}

const EXECUTION_TIMEOUT_MS = 300_000;
const OLD = ['logs/app/1.gz', 'logs/app/deep/1.log'] as const;
const NOTHING = { rules: [], undone: [], deleted: [] } as const;
/** By one rule of two. */
const FIRST = { rules: ['old-archives'], undone: [], deleted: [OLD[0]] } as const;

const { ann } = makeKeys();
assert.ok(ann !== undefined);

const gone = async ({ sshd }: HostsLab): Promise<() => Promise<void>> => {
  await sshd.kill();
  return () => sshd.start();
};

/** The host's `find` goes this way instead; `$REAL` is the program that was there. */
const findBy =
  (body: string): Fault['strike'] =>
  async ({ sshd }) => {
    const [program, real] = [join(sshd.bin, 'find'), join(sshd.bin, 'find.real')];
    renameSync(program, real);
    writeFileSync(program, `#!/bin/sh\nREAL='${real}'\n${body}\n`, { mode: 0o755 });
    return () => renameSync(real, program);
  };

const pidFile = ({ sshd }: HostsLab): string => join(sshd.bin, 'find.pid');

const FAULTS: readonly Fault[] = [
  {
    name: 'connection refused from the start',
    before: true,
    strike: gone,
    ends: 'failed',
    failed: /^how full is \S+ of web-1\?: cannot reach host web-1 .*Connection refused/,
    human: /find out why "how full is \S+ of web-1\?" failed/,
    ...NOTHING,
  },
  {
    name: 'target gone in the middle',
    strike: gone,
    ends: 'failed',
    failed: /^how full is \S+ of web-1 after old-archives\?: cannot reach host web-1/,
    human: /"clear \S+ of web-1: old-archives" was done and is not undone: undo it by hand, or leave it/,
    ...FIRST,
  },
  {
    name: 'auth refused in the middle',
    strike: async ({ sshd }) => sshd.refuseKey(),
    ends: 'failed',
    failed: /^how full is \S+ of web-1 after old-archives\?: host web-1 .* refuses our key; a human has to look/,
    human: /a human has to look/,
    ...FIRST,
  },
  {
    name: 'half-finished effect',
    before: true,
    strike: findBy('"$REAL" "$@"; echo "find: I/O error" >&2; exit 1'),
    ends: 'failed',
    failed: /^clear \S+ of web-1: old-archives: old-archives on web-1 exited with 1, expected 0: .*I\/O error/,
    human: /find out why "clear \S+ of web-1: old-archives" failed, and how its target is now/,
    ...NOTHING,
    deleted: [OLD[0]],
  },
  {
    name: 'hung command, for longer than the run may last',
    before: true,
    boundMs: 10_000,
    strike: findBy('echo $$ >"$(dirname "$0")/find.pid"; exec sleep 3600'),
    // Its worker ends it on the host when the run is over.
    meanwhile: async (lab, id) => {
      await ended(lab.tocsin.client, id);
      await until('the command has ended on the host', () => !isAlive(Number(readFileSync(pidFile(lab), 'utf8'))));
    },
    ends: 'timed_out',
    human: /look whether "clear \S+ of web-1: old-archives" was done: the run ended before it knew/,
    ...NOTHING,
  },
  {
    name: 'approval after expiry',
    before: true,
    context: { mode: 'approve' },
    strike: async () => () => undefined,
    meanwhile: ({ tocsin }, id) => approveTooLate(tocsin.client, id, ann),
    ends: 'failed',
    human: /nobody approved plan [0-9a-f]{12} in time; nothing further was done/,
    ...NOTHING,
  },
  // Last: the key stays changed.
  {
    name: 'host key changed in the middle',
    strike: async ({ sshd }) => {
      await sshd.changeHostKey();
      return () => undefined;
    },
    ends: 'failed',
    failed: /^how full is \S+ of web-1 after old-archives\?: host web-1 .* is not who ssh\.knownHosts says/,
    human: /a human has to look/,
    ...FIRST,
  },
];

describe('faults of clearDisk', { skip: lacksHosts }, () => {
  let lab: HostsLab;
  before(async () => {
    lab = await startHostsLab({ config: { approvals: { keys: [ann.entry], expiry: '3s', reminders: [] } } });
    await lab.tocsin.startReady('worker');
  });
  after(() => lab?.stop());

  const struck = async (fault: Fault): Promise<string> => {
    const { context = {}, before: early, boundMs = EXECUTION_TIMEOUT_MS, strike, meanwhile } = fault;
    const { units, disk, tocsin } = lab;
    if (early !== true) writeFileSync(units.hold, '');
    let takeBack = early === true ? await strike(lab) : null;
    const id = await lab.begin('clearDisk', { host: 'web-1', path: disk.path }, context, boundMs);
    try {
      if (takeBack === null) {
        await until('the host has deleted', () => existsSync(units.begun));
        takeBack = await strike(lab);
      }
      rmSync(units.hold, { force: true });
      await meanwhile?.(lab, id);
      await ended(tocsin.client, id);
    } finally {
      rmSync(units.hold, { force: true });
      await takeBack?.();
    }
    return id;
  };

  for (const fault of FAULTS)
    it(`${fault.name}: the run is ${fault.ends}, and says what was done and is left to do`, async () => {
      lab.fillDisk();
      // So much that one rule is not enough.
      lab.disk.write('data', 1_500, 0);
      const id = await struck(fault);
      const done = fault.rules.map((rule) => `clear ${lab.disk.path} of web-1: ${rule}`);
      await judgeFault(lab.tocsin, id, { ...fault, done });
      const isGone = (name: string): boolean => !existsSync(join(lab.disk.path, name));
      assert.deepEqual(OLD.filter(isGone), fault.deleted);
    });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
