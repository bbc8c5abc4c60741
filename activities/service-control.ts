/** How one service is looked at and restarted: by commands of the configuration on this host, or by systemd on the host it runs on. */
import { withinAttempt } from './attempt-time.ts';
import { type CommandResult, runCommand } from './command.ts';
import type { CommandTreatment, ServiceTreatment, SystemdTreatment } from './service-treatment.ts';
import type { HostOf } from './ssh-hosts.ts';
import { stepCommand, succeeded } from './step-command.ts';
import type { Systemd } from './systemd.ts';

export interface ServiceControl {
  /** The instance that runs now, and whether its init system counts it as running. */
  current(): Promise<Instance>;
  /** May run twice: false when the observed instance is no longer the one that runs. */
  restart(observed: string | null): Promise<boolean>;
}

export interface Instance {
  readonly invocation: string | null;
  /** `active`, `failed`, ...; null where nobody tells. */
  readonly state: string | null;
}

const COMMAND_TIMEOUT_MS = 30_000;
/** Exit code by which a restart command says that the observed instance is no longer the one that runs. */
const OTHER_INSTANCE = 3;

export const serviceControl = (
  treatment: ServiceTreatment,
  region: string,
  { systemd, hostOf }: { readonly systemd: Systemd; readonly hostOf: HostOf },
): ServiceControl => ('systemd' in treatment ? bySystemd(treatment, region, systemd, hostOf) : byCommands(treatment));

function bySystemd(
  { systemd: { host, unit }, timeoutMs = COMMAND_TIMEOUT_MS }: SystemdTreatment,
  region: string,
  systemd: Systemd,
  hostOf: HostOf,
): ServiceControl {
  const target = { host: hostOf(host, region), unit };
  return {
    current: async () => {
      const { active, invocation } = await systemd.status(target, timeoutMs);
      return { invocation, state: active };
    },
    restart: (observed) => systemd.restart(target, observed, timeoutMs),
  };
}

function byCommands({ status, restart, timeoutMs }: CommandTreatment): ServiceControl {
  return {
    current: async () => {
      const result = await runHere(status, timeoutMs);
      succeeded(result, status.join(' '));
      return { invocation: invocationOf(result.stdout, status), state: null };
    },
    restart: async (observed) => {
      const argv = restart.map((arg) => arg.replaceAll('{invocation}', () => observed ?? 'none'));
      const result = await runHere(argv, timeoutMs);
      return result.exitCode === OTHER_INSTANCE ? false : succeeded(result, argv.join(' '));
    },
  };
}

/** Under the key and the fence of the step. */
export function runHere(argv: readonly string[], timeoutMs = COMMAND_TIMEOUT_MS): Promise<CommandResult> {
  const { key, fence, hooks } = stepCommand();
  return runCommand(
    { argv, timeoutMs: withinAttempt(timeoutMs), env: { TOCSIN_KEY: key, TOCSIN_FENCE: fence } },
    hooks,
  );
}

function invocationOf(printed: string, status: readonly string[]): string | null {
  try {
    const answer = JSON.parse(printed) as { invocation?: unknown } | null;
    return typeof answer?.invocation === 'string' ? answer.invocation : null;
  } catch (error) {
    throw new Error(
      `${status.join(' ')} printed ${JSON.stringify(printed.slice(0, 200))}, expected {"invocation": "..."}`,
      { cause: error },
    );
  }
}
