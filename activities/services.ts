/**
 * The services of the inventory, and what may be done to them. Event data only chooses among them by name (R8); commands and addresses
 * come from configuration. A restart is compare-and-act (R9): only the invocation that was observed sick is restarted.
 */
import type { AllowedTarget } from './allowed-target.ts';
import { followsAnother } from './earlier-attempt.ts';
import type { Http } from './http.ts';
import { look } from './look.ts';
import { permanent } from './permanent.ts';
import { type Instance, type ServiceControl, runHere, serviceControl } from './service-control.ts';
import type { ServiceTreatment, TreatmentOf } from './service-treatment.ts';
import type { Ssh } from './ssh.ts';
import type { HostOf } from './ssh-hosts.ts';
import { succeeded } from './step-command.ts';
import { createSystemd } from './systemd.ts';

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

export interface Restarted {
  /** By this very attempt. */
  readonly restarted: boolean;
  /** Another instance runs, and an attempt before this one may have started it. */
  readonly perhapsBefore?: true;
}

export type ServiceActivities = ReturnType<typeof createServiceActivities>;

export interface ServiceDependencies {
  readonly allowedTarget: AllowedTarget;
  readonly treatmentOf: TreatmentOf;
  readonly http: Http;
  readonly ssh: Ssh;
  readonly hostOf: HostOf;
}

interface Treated {
  readonly name: string;
  readonly treatment: ServiceTreatment;
  readonly control: ServiceControl;
}

export function createServiceActivities({ allowedTarget, treatmentOf, http, ssh, hostOf }: ServiceDependencies) {
  const systemd = createSystemd(ssh);
  const find = (service: string): Treated => {
    const target = allowedTarget(service);
    const treatment = treatmentOf(target);
    return { name: service, treatment, control: serviceControl(treatment, target.region, { systemd, hostOf }) };
  };
  return {
    /** Looks only; may run any number of times. Retried while the status command fails. */
    observeService: look(async ({ service }: ServiceRequest): Promise<Observation> => {
      const { treatment, control } = find(service);
      const { health, takeOut, putBack } = treatment;
      const [answer, instance] = await Promise.all([
        health === undefined ? null : probe(http, health),
        control.current(),
      ]);
      const { invocation } = instance;
      return { ...(answer ?? byState(instance)), invocation, rotation: takeOut !== undefined && putBack !== undefined };
    }),

    /** May run twice: the second time another instance runs, and the command leaves that one alone. */
    restartUnit: async ({ service, invocation }: RestartRequest): Promise<Restarted> => {
      const restarted = await find(service).control.restart(invocation);
      return { restarted, ...(!restarted && followsAnother() ? { perhapsBefore: true } : {}) };
    },

    /**
     * May run twice: the command is told which instance was observed, and brings its target to what is current, as often as it is asked. False: the
     * inventory has no command for it, and the restart takes up what was installed by other means.
     */
    patchService: async ({ service, invocation }: RestartRequest): Promise<{ readonly patched: boolean }> => {
      const { patch, timeoutMs } = find(service).treatment;
      if (patch === undefined) return { patched: false };
      const argv = patch.map((arg) => arg.replaceAll('{invocation}', () => invocation ?? 'none'));
      succeeded(await runHere(argv, timeoutMs), argv.join(' '));
      return { patched: true };
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

type Health = Pick<Observation, 'healthy' | 'detail'>;

async function probe(http: Http, url: string): Promise<Health> {
  try {
    const { status } = await http.request({ method: 'GET', url });
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

const byState = ({ state }: Instance): Health => ({
  healthy: state === 'active',
  detail: `unit is ${state ?? 'unknown'}`,
});

async function setRotation({ name, treatment }: Treated, which: 'takeOut' | 'putBack'): Promise<void> {
  const argv = treatment[which];
  if (argv === undefined) throw permanent('NoRotation', `service ${name} has no ${which} command in the inventory`);
  succeeded(await runHere(argv, treatment.timeoutMs), argv.join(' '));
}
