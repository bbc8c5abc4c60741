/**
 * How a target is treated: addresses and commands, from configuration only. A provider says what there is, never what is run, so that
 * whoever can change an inventory cannot run a command.
 */
import { CONFIG_PROVIDER } from './inventory/config-provider.ts';
import type { Target } from './inventory/target.ts';
import { permanent } from './permanent.ts';

interface CommonTreatment {
  readonly takeOut?: readonly string[];
  readonly putBack?: readonly string[];
  /** Brings it up to date, for `patchFleet`; may run twice, exit code 0: it is. `{invocation}` stands for the observed instance. */
  readonly patch?: readonly string[];
  /** Bound on each command; default 30 s. */
  readonly timeoutMs?: number;
}

/** Commands of the host that the worker runs on. */
export interface CommandTreatment extends CommonTreatment {
  /** URL that answers 2xx while the service is healthy. */
  readonly health: string;
  /** Prints one JSON object `{"invocation": "..."}` naming the instance that runs now. */
  readonly status: readonly string[];
  /** Restarts; `{invocation}` stands for the observed instance. Exit code 0: done, 3: another instance runs by now. */
  readonly restart: readonly string[];
}

/** A unit of systemd on another host, over ssh. */
export interface SystemdTreatment extends CommonTreatment {
  /** Without it the service is healthy while its unit is active. */
  readonly health?: string;
  readonly systemd: { readonly host: string; readonly unit: string };
}

export type ServiceTreatment = CommandTreatment | SystemdTreatment;

/** A service that the configuration names, with its own treatment. */
export type ServiceTarget<Treatment extends ServiceTreatment = ServiceTreatment> = Treatment & {
  readonly name: string;
  readonly region: string;
  readonly labels?: Readonly<Record<string, string>>;
};

/** Throws `NoTreatment` (final) for a target nobody has said how to treat. */
export type TreatmentOf = (target: Target) => ServiceTreatment;

/** `byKind`: of the targets of providers; `{id}`, `{service}` and `{region}` stand for the target's own. */
export function createTreatments(
  services: readonly ServiceTarget[],
  byKind: Readonly<Record<string, ServiceTreatment>>,
): TreatmentOf {
  const own = new Map(services.map((service) => [`${service.region}/${service.name}`, service]));
  return (target) => {
    const service = target.provider === CONFIG_PROVIDER ? own.get(`${target.region}/${target.id}`) : undefined;
    if (service !== undefined) return service;
    const template = Object.hasOwn(byKind, target.kind) ? byKind[target.kind] : undefined;
    if (template !== undefined) return filledIn(template, target);
    throw permanent(
      'NoTreatment',
      `target ${target.id} is of kind ${target.kind}, for which inventory.treatments has nothing`,
    );
  };
}

function filledIn(template: ServiceTreatment, target: Target): ServiceTreatment {
  const plain = (part: string): string => fill(part, target, String);
  const url = (text: string): string => fill(text, target, encodeURIComponent);
  const { takeOut, putBack, patch, timeoutMs } = template;
  const common = {
    ...(takeOut && { takeOut: takeOut.map(plain) }),
    ...(putBack && { putBack: putBack.map(plain) }),
    ...(patch && { patch: patch.map(plain) }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  };
  if (!('systemd' in template)) {
    const { health, status, restart } = template;
    return { ...common, health: url(health), status: status.map(plain), restart: restart.map(plain) };
  }
  const { health, systemd } = template;
  return {
    ...common,
    ...(health !== undefined && { health: url(health) }),
    systemd: { host: plain(systemd.host), unit: plain(systemd.unit) },
  };
}

const fill = (text: string, target: Target, encode: (value: string) => string): string =>
  text.replace(/\{(id|service|region)\}/g, (_all, part: 'id' | 'service' | 'region') => encode(target[part]));
