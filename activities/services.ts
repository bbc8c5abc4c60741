/**
 * The services of the inventory, and what may be done to them. Event data only chooses among them by name (R8); commands and addresses
 * come from configuration. A restart is compare-and-act (R9): only the invocation that was observed sick is restarted.
 */
import { Context } from '@temporalio/activity';
import type { AllowedTarget } from './allowed-target.ts';
import { withinAttempt } from './attempt-time.ts';
import { type CommandResult, runCommand } from './command.ts';
import { fencingText } from './fencing-token.ts';
import type { Http } from './http.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { look } from './look.ts';
import { permanent } from './permanent.ts';
import type { ServiceTreatment, TreatmentOf } from './service-treatment.ts';

export interface ServiceRequest {
  /** Id of a target of the inventory. */
  readonly service: string;
}

export interface Observation {
  readonly healthy: boolean;
  /** What the health check answered, in a few words. */
  readonly detail: string;
  /** The instance that runs now; null when none does. */
  readonly invocation: string | null;
  /** Whether it can be taken out of rotation. */
  readonly rotation: boolean;
}

export interface RestartRequest extends ServiceRequest {
  /** The instance that was observed sick. */
  readonly invocation: string | null;
}

export type ServiceActivities = ReturnType<typeof createServiceActivities>;

export interface ServiceDependencies {
  readonly allowedTarget: AllowedTarget;
  readonly treatmentOf: TreatmentOf;
  readonly http: Http;
}

interface Treated extends ServiceTreatment {
  readonly name: string;
}

const COMMAND_TIMEOUT_MS = 30_000;
/** Exit code by which a restart command says that the observed instance is no longer the one that runs. */
const OTHER_INSTANCE = 3;

export function createServiceActivities({ allowedTarget, treatmentOf, http }: ServiceDependencies) {
  const find = (service: string): Treated => ({ name: service, ...treatmentOf(allowedTarget(service)) });
  return {
    /** Looks only; may run any number of times. Retried while the status command fails. */
    observeService: look(async ({ service }: ServiceRequest): Promise<Observation> => {
      const target = find(service);
      const [health, invocation] = await Promise.all([probe(http, target), currentInvocation(target)]);
      return { ...health, invocation, rotation: target.takeOut !== undefined && target.putBack !== undefined };
    }),

    /** May run twice: the second time another instance runs, and the command leaves that one alone. */
    restartUnit: async ({ service, invocation }: RestartRequest): Promise<{ readonly restarted: boolean }> => {
      const target = find(service);
      const argv = target.restart.map((arg) => arg.replaceAll('{invocation}', () => invocation ?? 'none'));
      const result = await run(target, argv);
      if (result.exitCode === OTHER_INSTANCE) return { restarted: false };
      return { restarted: succeeded(result, argv) };
    },

    /** May run twice: being out of rotation is a state. */
    takeOutOfRotation: async ({ service }: ServiceRequest): Promise<void> => {
      await setRotation(find(service), 'takeOut');
    },

    /** May run twice: being in rotation is a state. */
    putBackInRotation: async ({ service }: ServiceRequest): Promise<void> => {
      await setRotation(find(service), 'putBack');
    },
  };
}

async function probe(http: Http, target: Treated): Promise<{ readonly healthy: boolean; readonly detail: string }> {
  try {
    const { status } = await http.request({ method: 'GET', url: target.health });
    return { healthy: status >= 200 && status < 300, detail: `health check answered ${status}` };
  } catch (error) {
    // What the allow-list refuses is a mistake of configuration; a service that does not answer is simply sick.
    if (error instanceof Error && 'nonRetryable' in error && error.nonRetryable === true) throw error;
    return {
      healthy: false,
      detail: `health check did not answer: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

async function currentInvocation(target: Treated): Promise<string | null> {
  const result = await run(target, target.status);
  succeeded(result, target.status);
  try {
    const answer = JSON.parse(result.stdout) as { invocation?: unknown } | null;
    return typeof answer?.invocation === 'string' ? answer.invocation : null;
  } catch (error) {
    const printed = JSON.stringify(result.stdout.slice(0, 200));
    throw new Error(`${target.status.join(' ')} printed ${printed}, expected {"invocation": "..."}`, { cause: error });
  }
}

async function setRotation(target: Treated, which: 'takeOut' | 'putBack'): Promise<void> {
  const argv = target[which];
  if (argv === undefined)
    throw permanent('NoRotation', `service ${target.name} has no ${which} command in the inventory`);
  succeeded(await run(target, argv), argv);
}

const run = (target: Treated, argv: readonly string[]): Promise<CommandResult> => {
  const context = Context.current();
  return runCommand(
    {
      argv,
      timeoutMs: withinAttempt(target.timeoutMs ?? COMMAND_TIMEOUT_MS),
      env: { TOCSIN_KEY: idempotencyKey(), TOCSIN_FENCE: fencingText() },
    },
    { signal: context.cancellationSignal, heartbeat: () => context.heartbeat() },
  );
};

/** True, or an error that Temporal retries. */
function succeeded(result: CommandResult, argv: readonly string[]): true {
  if (result.exitCode === 0 && !result.timedOut) return true;
  const how = result.timedOut ? 'timed out' : `exited with ${result.exitCode}, expected 0`;
  throw new Error(`${argv.join(' ')} ${how}: ${(result.stderr || result.stdout).slice(-500)}`);
}
