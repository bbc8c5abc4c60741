/**
 * One answer of a provider becomes targets, checked entry by entry. A bad entry is refused with its place and the others are kept; what
 * puts the whole answer in doubt (no list, too many, two entries of one id, not one good entry) refuses it as a whole.
 */
import { parse as parseYaml } from 'yaml';
import { LABEL_NAME, TARGET_ID, TARGET_KIND, TARGET_PARTS, type Target } from './target.ts';

export interface ReadOptions {
  readonly provider: string;
  readonly format: 'json' | 'yaml';
  /** Regions it may name targets in. */
  readonly regions: readonly string[];
  readonly maxTargets: number;
}

export interface RefusedEntry {
  /** JSON Pointer into the answer. */
  readonly place: string;
  readonly message: string;
}

export interface Reading {
  readonly targets: readonly Target[];
  /** The first of them, at most 20. */
  readonly refused: readonly RefusedEntry[];
  readonly refusedCount: number;
}

const MAX_REFUSED = 20;
const MAX_LABELS = 50;
const MAX_LABEL_CHARS = 256;
const ENTRY_KEYS: readonly string[] = ['id', 'kind', 'service', 'region', 'labels'];

/** Throws when the answer is refused as a whole; `{"targets": []}` is an answer, and means that there is no target. */
export function readTargets(text: string, options: ReadOptions): Reading {
  const entries = entriesOf(parse(text, options.format), options.maxTargets);
  refuseCollisions(entries);
  const targets: Target[] = [];
  const refused: RefusedEntry[] = [];
  for (const [index, entry] of entries.entries()) {
    const read = readEntry(entry, options);
    if ('message' in read) refused.push({ place: `/targets/${index}${read.place}`, message: read.message });
    else targets.push(read);
  }
  const [first] = refused;
  if (first !== undefined && targets.length === 0)
    throw new Error(`none of its ${entries.length} targets can be read; the first: ${first.place}: ${first.message}`);
  return { targets, refused: refused.slice(0, MAX_REFUSED), refusedCount: refused.length };
}

function parse(text: string, format: 'json' | 'yaml'): unknown {
  try {
    return format === 'json' ? JSON.parse(text) : parseYaml(text, { uniqueKeys: true, maxAliasCount: 0 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`is not ${format.toUpperCase()}: ${why}`, { cause: error });
  }
}

/** An error page or an empty file must not look like an empty inventory, so the list has to be there by name. */
function entriesOf(document: unknown, maxTargets: number): readonly unknown[] {
  const entries = isRecord(document) && Object.hasOwn(document, 'targets') ? document['targets'] : undefined;
  if (!Array.isArray(entries)) throw new Error('has no list of targets, expected {"targets": [...]}');
  if (entries.length > maxTargets)
    throw new Error(`has ${entries.length} targets, expected at most ${maxTargets} (inventory.maxTargets)`);
  return entries as readonly unknown[];
}

function readEntry(entry: unknown, { provider, regions }: ReadOptions): Target | RefusedEntry {
  if (!isRecord(entry)) return { place: '', message: 'is no object' };
  const unknown = Object.keys(entry).find((key) => !ENTRY_KEYS.includes(key));
  if (unknown !== undefined)
    return { place: `/${token(unknown)}`, message: `is not known here, expected ${ENTRY_KEYS.join(', ')}` };
  const { id, kind = 'service', service = id, region, labels = {} } = entry;
  if (!fits(id, TARGET_ID)) return { place: '/id', message: `is ${shown(id)}, expected ${TARGET_ID.source}` };
  if (!fits(kind, TARGET_KIND)) return { place: '/kind', message: `is ${shown(kind)}, expected ${TARGET_KIND.source}` };
  if (!fits(service, TARGET_ID))
    return { place: '/service', message: `is ${shown(service)}, expected ${TARGET_ID.source}` };
  if (typeof region !== 'string' || !regions.includes(region))
    return { place: '/region', message: `is ${shown(region)}, expected one of ${regions.join(', ')}` };
  const problem = labelProblem(labels);
  if (problem !== null) return problem;
  return { id, kind, service, region, labels: labels as Record<string, string>, provider };
}

function labelProblem(labels: unknown): RefusedEntry | null {
  if (!isRecord(labels)) return { place: '/labels', message: 'is no object' };
  const all = Object.entries(labels);
  if (all.length > MAX_LABELS)
    return { place: '/labels', message: `has ${all.length}, expected at most ${MAX_LABELS}` };
  for (const [name, value] of all) {
    const place = `/labels/${token(name)}`;
    if (!LABEL_NAME.test(name)) return { place, message: `is no label name, expected ${LABEL_NAME.source}` };
    if (TARGET_PARTS.some((part) => part === name))
      return {
        place,
        message: `names a part of the target itself, expected another name than ${TARGET_PARTS.join(', ')}`,
      };
    if (typeof value !== 'string' || value.length > MAX_LABEL_CHARS || /\p{Cc}/u.test(value))
      return {
        place,
        message: `is ${shown(value)}, expected text of at most ${MAX_LABEL_CHARS} characters, none of them control characters`,
      };
  }
  return null;
}

/** Which of two entries of one id is meant nobody can know, so neither is acted upon; not even when one of them is bad. */
function refuseCollisions(entries: readonly unknown[]): void {
  const seen = new Set<string>();
  for (const entry of entries) {
    if (!isRecord(entry)) continue;
    const key = JSON.stringify([entry['region'], entry['id']]);
    if (seen.has(key))
      throw new Error(`has ${shown(entry['id'])} in region ${shown(entry['region'])} twice, expected once`);
    seen.add(key);
  }
}

const fits = (value: unknown, pattern: RegExp): value is string => typeof value === 'string' && pattern.test(value);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const token = (name: string): string => shown(name).slice(1, -1);
const shown = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 80);
