/**
 * The red button as data: a stop has a scope, and a reason. Pure, so that planner, workers and commands agree on what a scope covers. What
 * is in doubt counts as covered: never an effect by doubt.
 */

/** Everything, or what bears this label: service, region, target, trigger, runbook, or any label of the alert. */
export type Scope = 'all' | `${string}=${string}`;

/** What was stopped is not known any more: covers everything, and is lifted by its own name only. */
export const LOST: Scope = 'control-record=lost';

export interface Stop {
  readonly scope: Scope;
  readonly why: string;
  readonly by: string;
  /** RFC 3339, UTC. */
  readonly at: string;
}

/** What is known of a run, or of one effect of it. */
export interface Facts {
  /** Each name may have several values: an effect can concern another service than the alert. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Labels of the alert; null when they are not known, and then each label that `values` does not name is in doubt. */
  readonly labels: Readonly<Record<string, string>> | null;
}

const MAX_SCOPE = 300;
const SCOPE = /^[A-Za-z_][\w.:/-]*=.+$/;

/** Null when the text is neither `all` nor `label=value`. */
export function parseScope(text: string): Scope | null {
  if (text === 'all') return 'all';
  return SCOPE.test(text) && text.length <= MAX_SCOPE ? (text as Scope) : null;
}

/** The first stop that covers these facts, or null. */
export const stopFor = (stops: readonly Stop[], facts: Facts): Stop | null =>
  stops.find(({ scope }) => covers(scope, facts)) ?? null;

export function covers(scope: Scope, { values, labels }: Facts): boolean {
  if (coversAll(scope)) return true;
  const at = scope.indexOf('=');
  const [name, value] = [scope.slice(0, at), scope.slice(at + 1)];
  if (values[name]?.includes(value) === true) return true;
  if (labels !== null) return labels[name] === value;
  return values[name] === undefined;
}

const coversAll = (scope: Scope): boolean => scope === 'all' || scope === LOST;

/** The facts of a run. `region`: where it acts. */
export interface RunFacts {
  readonly trigger: string | null;
  readonly runbook: string;
  readonly service: string | null;
  readonly region: string;
  /** Null: not known. */
  readonly labels: Readonly<Record<string, string>> | null;
}

export function factsOf({ trigger, runbook, service, region, labels }: RunFacts): Facts {
  const known = (value: string | null): readonly string[] => (value === null ? [] : [value]);
  return {
    values: {
      trigger: known(trigger),
      runbook: [runbook],
      service: known(service),
      region: [region],
      target: known(service),
    },
    labels,
  };
}

export const describeStop = ({ scope, why, by, at }: Stop): string =>
  `${coversAll(scope) ? 'everything' : scope} stopped by ${by} at ${at}${why === '' ? '' : `: ${why}`}`;
