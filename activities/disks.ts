/**
 * The disks of hosts, over ssh: how full they are, and what the configuration allows to delete there. Event data only chooses among hosts of
 * the inventory and disks of the configuration (R8). Relies on GNU find and a POSIX shell on the target.
 */
import { withinAttempt } from './attempt-time.ts';
import type { AllowedTarget } from './allowed-target.ts';
import type { CommandResult } from './command.ts';
import type { ClearRule, DiskDefinition, PruneRule } from './disk-definition.ts';
import { matches } from './inventory/selector.ts';
import { look } from './look.ts';
import { permanent } from './permanent.ts';
import { HOST_KIND, type HostOf } from './ssh-hosts.ts';
import type { Ssh, SshHost } from './ssh.ts';
import { stepCommand, succeeded } from './step-command.ts';

export interface DiskRequest {
  /** Id of a target of kind `host`. */
  readonly host: string;
  /** Mount point of a disk that the configuration has for it. */
  readonly path: string;
}

export interface DiskState {
  /** Percent of what is not reserved, rounded up, as `df` tells it. */
  readonly usedPercent: number;
  readonly freeKiB: number;
  readonly full: boolean;
  /** Names of what may be cleared, in their order. */
  readonly rules: readonly string[];
}

export interface ClearRequest extends DiskRequest {
  readonly rule: string;
}

/** What this attempt deleted; null where the target does not tell. */
export interface Cleared {
  readonly files: number | null;
  readonly bytes: number | null;
}

export type DiskActivities = ReturnType<typeof createDiskActivities>;

export interface DiskDependencies {
  readonly allowedTarget: AllowedTarget;
  readonly disks: readonly DiskDefinition[];
  readonly ssh: Ssh;
  readonly hostOf: HostOf;
}

const LOOK_TIMEOUT_MS = 20_000;
const CLEAR_TIMEOUT_MS = 240_000;
/** Exit code by which the script below says that the directory is not where it should be. */
const ELSEWHERE = 113;

/** Deletes from within the directory, once it is certain that no link led there; prints how many files, and their bytes. */
const PRUNE = `
cd -P -- "$1" && [ "$(pwd -P)" = "$1" ] || exit ${ELSEWHERE}
{ find . -xdev -type f -name "$2" -mmin "+$3" -delete -printf '%s\\n' || echo failed; } |
  awk '/failed/ { failed = 1; next } { files++; bytes += $1 } END { printf "%d %.0f\\n", files, bytes; exit failed }'
`.trim();

export function createDiskActivities({ allowedTarget, disks, ssh, hostOf }: DiskDependencies) {
  const find = ({ host, path }: DiskRequest): { readonly at: SshHost; readonly disk: DiskDefinition } => {
    const target = allowedTarget(host);
    if (target.kind !== HOST_KIND)
      throw permanent('TargetNotAllowed', `target ${host} is of kind ${target.kind}, expected ${HOST_KIND}`);
    const own = disks.filter(({ targets }) => matches(target, targets));
    const disk = own.find((each) => each.path === path);
    if (disk !== undefined) return { at: hostOf(host, target.region), disk };
    const known = own.map((each) => each.path).join(', ') || 'none';
    throw permanent(
      'NoDisk',
      `host ${host} has no disk ${JSON.stringify(path)} in the configuration; it has: ${known}`,
    );
  };
  const run = (at: SshHost, argv: readonly string[], timeoutMs: number): Promise<CommandResult> => {
    const { key, fence, hooks } = stepCommand();
    return ssh.run(at, { argv, timeoutMs: withinAttempt(timeoutMs), key, fence }, hooks);
  };
  return {
    /** Looks only; may run any number of times. */
    observeDisk: look(async (request: DiskRequest): Promise<DiskState> => {
      const { at, disk } = find(request);
      const result = await run(at, ['df', '-P', '-k', '--', disk.path], LOOK_TIMEOUT_MS);
      succeeded(result, `df ${disk.path} on ${at.name}`);
      const { usedPercent, freeKiB } = measured(result.stdout, disk.path, at.name);
      return { usedPercent, freeKiB, full: usedPercent >= disk.fullAt, rules: disk.clear.map(({ name }) => name) };
    }),

    /** May run twice: that nothing old is left is a state. What is deleted cannot be brought back. */
    clearByRule: async ({ rule: name, ...request }: ClearRequest): Promise<Cleared> => {
      const { at, disk } = find(request);
      const rule = disk.clear.find((each) => each.name === name);
      if (rule === undefined)
        throw permanent(
          'NoDisk',
          `disk ${disk.path} of ${at.name} has no rule ${JSON.stringify(name)} in the configuration`,
        );
      const result = await run(at, commandOf(rule), CLEAR_TIMEOUT_MS);
      if (rule.kind === 'prune' && result.exitCode === ELSEWHERE) throw elsewhere(rule, at, result);
      succeeded(result, `${rule.name} on ${at.name}`);
      return rule.kind === 'prune' ? counted(result.stdout) : { files: null, bytes: null };
    },
  };
}

const MINUTE_MS = 60_000;

function commandOf(rule: ClearRule): readonly string[] {
  if (rule.kind === 'journal') return ['journalctl', `--vacuum-size=${rule.keep}`];
  const minutes = String(Math.ceil(rule.olderThanMs / MINUTE_MS));
  return ['sh', '-c', PRUNE, 'prune', rule.directory, rule.files, minutes];
}

const elsewhere = ({ directory }: PruneRule, { name }: SshHost, { stderr }: CommandResult) =>
  permanent(
    'DirectoryRefused',
    `${directory} on ${name} is not there, or a link leads elsewhere; nothing was deleted ${stderr.slice(-200)}`.trim(),
  );

/** The last line of `df -P -k`; a disk that is not mounted would measure, and then clear, another one. */
function measured(printed: string, path: string, host: string): Pick<DiskState, 'usedPercent' | 'freeKiB'> {
  const line = printed.trim().split('\n').at(-1) ?? '';
  const [, used, free, mountedOn] = /\s\d+\s+(\d+)\s+(\d+)\s+\S+\s+(\/.*)$/.exec(line) ?? [];
  if (mountedOn === undefined)
    throw new Error(`df ${path} on ${host} printed ${JSON.stringify(printed.slice(0, 200))}, expected a line of df -P`);
  if (mountedOn !== path)
    throw permanent('NoDisk', `nothing is mounted on ${path} of ${host}; it is a part of ${mountedOn}`);
  const all = Number(used) + Number(free);
  return { usedPercent: all === 0 ? 100 : Math.ceil((Number(used) * 100) / all), freeKiB: Number(free) };
}

function counted(printed: string): Cleared {
  const [files, bytes] = printed.trim().split(' ').map(Number);
  return { files: files ?? null, bytes: bytes ?? null };
}
