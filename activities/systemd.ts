/**
 * Units of systemd on other hosts, over ssh. A change is compare-and-act (R9): it is done only while the invocation that was observed is the
 * one that runs, compared on the target itself under a lock, so that two attempts of one step cannot both act.
 */
import { withinAttempt } from './attempt-time.ts';
import type { CommandResult } from './command.ts';
import { permanent } from './permanent.ts';
import type { Ssh, SshHost } from './ssh.ts';
import { stepCommand, succeeded } from './step-command.ts';

export interface Unit {
  readonly host: SshHost;
  /** `checkout.service` */
  readonly unit: string;
}

export interface UnitState {
  /** `active`, `inactive`, `failed`, ... */
  readonly active: string;
  /** Names this start of the unit; null while it does not run. */
  readonly invocation: string | null;
}

export interface Systemd {
  /** Looks only. `NoSuchUnit` is final. */
  status(unit: Unit, timeoutMs: number): Promise<UnitState>;
  /** May run twice: the second time another invocation runs. False when it is not the observed one. */
  restart(unit: Unit, observed: string | null, timeoutMs: number): Promise<boolean>;
  /** May run twice, for the same reason. */
  stop(unit: Unit, observed: string | null, timeoutMs: number): Promise<boolean>;
  /** May run twice: running is a state. False when it runs already. */
  start(unit: Unit, timeoutMs: number): Promise<boolean>;
}

export const UNIT = /^[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,199}\.(service|socket|timer)$/;

/** Exit code by which the script below says that another invocation runs; systemctl has no such one. */
const OTHER_INVOCATION = 113;
/** An attempt that goes on elsewhere ends within this, or the step is tried again. */
const LOCK_WAIT_S = 20;

const COMPARE_AND_ACT = `
exec 9<"$HOME" && flock -w ${LOCK_WAIT_S} 9 || exit 75
running=$(systemctl show -p InvocationID --value -- "$1") || exit
[ "$running" = "$2" ] || exit ${OTHER_INVOCATION}
systemctl "$3" -- "$1" 9<&-
`.trim();

/** Call inside an activity only: cancellation, key and fence are those of the step. */
export function createSystemd(ssh: Ssh): Systemd {
  const run = ({ host, unit }: Unit, argv: readonly string[], timeoutMs: number): Promise<CommandResult> => {
    if (!UNIT.test(unit)) throw permanent('UnitRefused', `${JSON.stringify(unit)} is no unit, expected ${UNIT.source}`);
    const { key, fence, hooks } = stepCommand();
    return ssh.run(host, { argv, timeoutMs: withinAttempt(timeoutMs), key, fence }, hooks);
  };
  const act = async (
    target: Unit,
    verb: 'restart' | 'stop' | 'start',
    observed: string | null,
    timeoutMs: number,
  ): Promise<boolean> => {
    const argv = ['sh', '-c', COMPARE_AND_ACT, 'compare-and-act', target.unit, observed ?? '', verb];
    const result = await run(target, argv, timeoutMs);
    return result.exitCode === OTHER_INVOCATION ? false : succeeded(result, named(verb, target));
  };
  return {
    status: async (target, timeoutMs) => {
      const argv = [
        'systemctl',
        'show',
        '-p',
        'LoadState',
        '-p',
        'ActiveState',
        '-p',
        'InvocationID',
        '--',
        target.unit,
      ];
      const result = await run(target, argv, timeoutMs);
      succeeded(result, named('show', target));
      return stateOf(result.stdout, target);
    },
    restart: (target, observed, timeoutMs) => act(target, 'restart', observed, timeoutMs),
    stop: (target, observed, timeoutMs) =>
      observed === null ? Promise.resolve(false) : act(target, 'stop', observed, timeoutMs),
    start: (target, timeoutMs) => act(target, 'start', null, timeoutMs),
  };
}

function stateOf(printed: string, target: Unit): UnitState {
  const property = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(printed)?.[1] ?? '';
  const active = property('ActiveState');
  if (property('LoadState') === 'not-found')
    throw permanent('NoSuchUnit', `host ${target.host.name} has no unit ${target.unit}`);
  if (active === '')
    throw new Error(
      `${named('show', target)} printed ${JSON.stringify(printed.slice(0, 200))}, expected ActiveState=...`,
    );
  return { active, invocation: property('InvocationID') || null };
}

const named = (verb: string, { host, unit }: Unit): string => `systemctl ${verb} ${unit} on ${host.name}`;
