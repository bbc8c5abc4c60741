/**
 * What runbooks may act on, from all providers together. Whatever is in doubt is not acted upon: an id that two providers name, an unknown
 * id that an unusable provider might name, a set that such a provider might add to.
 */
import { permanent } from '../permanent.ts';
import type { InventoryProvider, ProviderStatus } from './provider.ts';
import { type Selector, describeSelector, matches } from './selector.ts';
import type { Target } from './target.ts';

export interface Inventory {
  /**
   * The target of that id in that region. `TargetNotAllowed` is final; `InventoryUnusable` may be retried, because the provider may come
   * back.
   */
  find(id: string, region: string): Target;
  /** Targets of all regions, or of one. Throws `InventoryUnusable` when the set would be incomplete. An empty set is no target at all. */
  select(selector: Selector, region?: string): readonly Target[];
  /** How many there are, for limits in percent; throws as `select` does. Zero is zero. */
  size(selector: Selector): number;
  /** Age of the oldest answer, milliseconds; null while a provider has none. */
  age(): number | null;
  providers(): readonly ProviderStatus[];
  /** Ids that several providers name, so that none of them is acted upon. */
  doubtful(): readonly DoubtfulId[];
}

export interface DoubtfulId {
  readonly id: string;
  readonly region: string;
  readonly providers: readonly string[];
}

/** Not permanent: Temporal retries, and the provider may be back by then. */
export class InventoryUnusable extends Error {
  override readonly name = 'InventoryUnusable';
}

/** Named in a message, so that it stays readable. */
const MAX_NAMES = 10;
const MAX_ID_SHOWN = 200;

export function createInventory(providers: readonly InventoryProvider[]): Inventory {
  const status = (): ProviderStatus[] => providers.map((provider) => provider.status());
  const all = (): Target[] => providers.flatMap((provider) => [...provider.targets()]);

  const assertComplete = (what: string, region: string | undefined): void => {
    const missing = status().filter(
      ({ state, regions }) => state === 'unusable' && (region === undefined || regions.includes(region)),
    );
    if (missing.length === 0) return;
    const whys = missing.map(({ name, why }) => `provider ${name} is unusable: ${why ?? 'unknown'}`).join('; ');
    throw new InventoryUnusable(`the inventory cannot tell ${what}, which is tried again: ${whys}`);
  };

  const select = (selector: Selector, region?: string): readonly Target[] => {
    assertComplete(describeSelector(selector), region ?? regionOf(selector));
    const doubted = new Set(doubtfulOf(all()).map(key));
    return all().filter(
      (target) =>
        (region === undefined || target.region === region) && matches(target, selector) && !doubted.has(key(target)),
    );
  };

  return {
    find: (id, region) => {
      const here = all().filter((target) => target.region === region);
      const found = here.filter((target) => target.id === id);
      const [only] = found;
      const asked = `target ${JSON.stringify(id.slice(0, MAX_ID_SHOWN))}`;
      if (found.length > 1) {
        const names = found.map(({ provider }) => provider).join(' and ');
        throw permanent('TargetNotAllowed', `${asked} of region ${region} is named by ${names}, expected one of them`);
      }
      if (only !== undefined) return only;
      assertComplete(asked, region);
      throw permanent(
        'TargetNotAllowed',
        `${asked} is not in the inventory of region ${region}; it has: ${namesOf(here)}`,
      );
    },
    select,
    size: (selector) => select(selector).length,
    age: () => {
      const ages = status().map(({ ageMs }) => ageMs);
      return ages.includes(null) ? null : Math.max(0, ...ages.map(Number));
    },
    providers: status,
    doubtful: () => doubtfulOf(all()),
  };
}

const key = ({ region, id }: { readonly region: string; readonly id: string }): string => `${region}/${id}`;

/** A selector of one region does not wait for the providers of others. */
const regionOf = ({ region }: Selector): string | undefined => (typeof region === 'string' ? region : undefined);

function doubtfulOf(targets: readonly Target[]): DoubtfulId[] {
  const byKey = new Map<string, Target[]>();
  for (const target of targets) {
    const named = byKey.get(key(target));
    if (named === undefined) byKey.set(key(target), [target]);
    else named.push(target);
  }
  return [...byKey.values()].flatMap(([first, ...others]) =>
    first === undefined || others.length === 0
      ? []
      : [{ id: first.id, region: first.region, providers: [first, ...others].map(({ provider }) => provider) }],
  );
}

function namesOf(targets: readonly Target[]): string {
  const names = targets.slice(0, MAX_NAMES).map(({ id }) => id);
  const more = targets.length - names.length;
  return `${names.join(', ') || 'none'}${more > 0 ? ` and ${more} more` : ''}`;
}
