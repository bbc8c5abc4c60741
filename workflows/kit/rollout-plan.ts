/**
 * A rollout over many targets, and the waves it goes in: canary first, then by region or by growing shares of the fleet. Pure: a runbook
 * declares its rollout as a constant beside its procedure, so that it can be told in advance by whoever knows the inventory and the windows.
 */
import type { Selector } from '../../activities/inventory/selector.ts';
import type { WindowUse } from './window-use.ts';

/** What a runbook declares. */
export interface Rollout {
  /** Runbook of one wave: its procedure is `rollWave`. */
  readonly runbook: string;
  /** Whom it is for, of the inventory; what a run is started with may narrow it (R8). */
  readonly targets: Selector;
  /** Each target is treated while this window is open in its own region. */
  readonly window: WindowUse;
  /** How long one target takes, ms: it begins only while so much of the window is left. */
  readonly needMs: number;
  /** Targets that go first, in the region that comes first; none of them may fail. 0: no canary. */
  readonly canary: number;
  readonly waves: WaveRule;
  /** Regions in this order; those that are not named follow the sun after them. Default: all follow the sun. */
  readonly order?: readonly string[];
  /** Targets at once within a wave; 1 to 100. */
  readonly parallel: number;
  /** Pause after the last target of each wave, before all of the wave are looked at again, ms. */
  readonly soakMs: number;
  /** How many targets may fail; one more stops the rollout. */
  readonly errorBudget: { readonly rollout: ErrorBudget; readonly wave?: ErrorBudget };
  /** Bound on one wave with its waits for windows, ms; default 7 days. */
  readonly waveTimeoutMs?: number;
}

export type WaveRule =
  /** One wave for each region. */
  | { readonly by: 'region' }
  /** Shares of the fleet that are done after each wave, percent, growing up to 100: `[10, 50, 100]`. The canary counts. */
  | { readonly by: 'share'; readonly percent: readonly number[] };

/** A number of targets, or a share of the rollout or the wave, rounded down. */
export type ErrorBudget = number | `${number}%`;

export interface RolloutTarget {
  /** Id in the inventory; unique within its region. */
  readonly name: string;
  readonly region: string;
  /** IANA name; null: the region has none. */
  readonly zone: string | null;
  /** The window's next stretch there (or the one it is in); null: it is in doubt, or there is none within 400 days. */
  readonly opening: Opening | null;
}

export interface Opening {
  /** Ms since 1970; the time of asking while it is open. */
  readonly opensAt: number;
  /** Null: not within 400 days. */
  readonly closesAt: number | null;
}

export interface Wave {
  /** `canary`, name of its region, or share as `50%`; by it operators skip and reorder. Unique within the rollout. */
  readonly name: string;
  /** In the order in which they begin. */
  readonly targets: readonly RolloutTarget[];
  /** How many of the wave may fail. */
  readonly mayFail: number;
}

export const CANARY = 'canary';
/** What fits into the history of one wave; a bigger one is cut into several. */
export const MAX_WAVE_TARGETS = 200;
/** What fits into one history of a rollout. */
export const MAX_TARGETS = 2_000;
export const MAX_WAVES = 100;
export const WAVE_TIMEOUT_MS = 7 * 86_400_000;

/**
 * Zero targets are zero waves. The regions follow the sun: the one whose window opens first (and then closes first) comes first, those without
 * an opening last. Within a region targets go by name. Throws RangeError, with what was expected.
 */
export function planWaves(targets: readonly RolloutTarget[], rollout: Rollout): readonly Wave[] {
  check(rollout);
  checkTargets(targets);
  const ordered = inOrder(targets, rollout.order ?? []);
  const canary = ordered.filter(({ region }) => region === ordered[0]?.region).slice(0, rollout.canary);
  const rest = ordered.filter((target) => !canary.includes(target));
  const groups: Group[] = [
    { name: CANARY, targets: canary },
    ...(rollout.waves.by === 'region' ? byRegion(rest) : byShare(rest, canary.length, rollout.waves.percent)),
  ];
  const waves = groups.filter((group) => group.targets.length > 0).flatMap((group) => cut(group));
  if (waves.length > MAX_WAVES) throw new RangeError(`${waves.length} waves; expected ${MAX_WAVES} at most`);
  const twice = waves.find(({ name }, index) => waves.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw new RangeError(`two waves are named ${twice.name}; no region may have that name`);
  return waves.map((wave) => ({ ...wave, mayFail: allowedIn(wave, rollout) }));
}

/** Of `size` targets, so many may fail. */
export const mayFail = (budget: ErrorBudget, size: number): number =>
  typeof budget === 'number' ? budget : Math.floor((size * Number.parseFloat(budget)) / 100);

/** Ids are unique within a region only. */
export const targetKey = ({ region, name }: Pick<RolloutTarget, 'region' | 'name'>): string => `${region}/${name}`;

type Group = Pick<Wave, 'name' | 'targets'>;

function inOrder(targets: readonly RolloutTarget[], named: readonly string[]): readonly RolloutTarget[] {
  const place = ({ region }: RolloutTarget): number => (named.includes(region) ? named.indexOf(region) : named.length);
  return targets.toSorted(
    (one, other) =>
      place(one) - place(other) ||
      order(one.opening?.opensAt ?? Infinity, other.opening?.opensAt ?? Infinity) ||
      order(one.opening?.closesAt ?? Infinity, other.opening?.closesAt ?? Infinity) ||
      order(one.region, other.region) ||
      order(one.name, other.name),
  );
}

/** By code units: the same on every machine. */
const order = <T extends string | number>(one: T, other: T): number => (one < other ? -1 : one > other ? 1 : 0);

function byRegion(targets: readonly RolloutTarget[]): Group[] {
  const regions = [...new Set(targets.map(({ region }) => region))];
  return regions.map((name) => ({ name, targets: targets.filter(({ region }) => region === name) }));
}

/** A share that rounds to no new target is a wave of one as long as there are any. */
function byShare(targets: readonly RolloutTarget[], canary: number, percent: readonly number[]): Group[] {
  const fleet = targets.length + canary;
  let done = 0;
  return percent.map((share) => {
    const from = done;
    const upTo = Math.max(Math.floor((fleet * share) / 100) - canary, from + 1);
    done = Math.min(share === 100 ? targets.length : upTo, targets.length);
    return { name: `${share}%`, targets: targets.slice(from, done) };
  });
}

function cut({ name, targets }: Group): Group[] {
  if (targets.length <= MAX_WAVE_TARGETS) return [{ name, targets }];
  const parts = Math.ceil(targets.length / MAX_WAVE_TARGETS);
  return Array.from({ length: parts }, (_each, index) => ({
    name: `${name}.${index + 1}`,
    targets: targets.slice(index * MAX_WAVE_TARGETS, (index + 1) * MAX_WAVE_TARGETS),
  }));
}

function allowedIn({ name, targets }: Group, { errorBudget }: Rollout): number {
  if (name === CANARY) return 0;
  return errorBudget.wave === undefined ? targets.length : mayFail(errorBudget.wave, targets.length);
}

function checkTargets(targets: readonly RolloutTarget[]): void {
  expect(targets.length <= MAX_TARGETS, `${targets.length} targets`, `${MAX_TARGETS} at most; narrow the selector`);
  const seen = new Set<string>();
  for (const target of targets) {
    const key = targetKey(target);
    expect(!seen.has(key), `target ${key} twice`, 'each once');
    seen.add(key);
  }
}

function check({
  needMs,
  canary,
  waves,
  parallel,
  soakMs,
  errorBudget,
  waveTimeoutMs = WAVE_TIMEOUT_MS,
}: Rollout): void {
  expect(needMs > 0, `needMs ${needMs}`, 'more than 0');
  expect(
    Number.isInteger(canary) && canary >= 0 && canary <= MAX_WAVE_TARGETS,
    `canary ${canary}`,
    `0 to ${MAX_WAVE_TARGETS}`,
  );
  expect(Number.isInteger(parallel) && parallel >= 1 && parallel <= 100, `parallel ${parallel}`, '1 to 100');
  expect(
    soakMs >= 0 && needMs + soakMs < waveTimeoutMs,
    `soakMs ${soakMs}`,
    `0 or more, and with needMs ${needMs} less than waveTimeoutMs, ${waveTimeoutMs}`,
  );
  for (const [name, budget] of Object.entries(errorBudget) as [string, ErrorBudget | undefined][])
    expect(
      budget === undefined || isBudget(budget),
      `errorBudget.${name} ${String(budget)}`,
      'a number of targets or 0% to 100%',
    );
  if (waves.by === 'region') return;
  const { percent } = waves;
  const grows = percent.every((share, index) => share > (percent[index - 1] ?? 0));
  expect(grows && percent.at(-1) === 100, `waves.percent ${percent.join(', ')}`, 'shares that grow up to 100');
}

const isBudget = (budget: ErrorBudget): boolean =>
  typeof budget === 'number'
    ? Number.isInteger(budget) && budget >= 0
    : /^\d{1,3}(\.\d+)?%$/.test(budget) && Number.parseFloat(budget) <= 100;

function expect(holds: boolean, what: string, expected: string): void {
  if (!holds) throw new RangeError(`rollout: ${what}; expected ${expected}`);
}
