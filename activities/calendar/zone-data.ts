/**
 * Where zones come from: the TZif files of the operating system, or the data packed in `moment-timezone` when that is newer or the system
 * has none. Node's own data is never used: it changes with Node and is wrong for several zones. A directory that is named explicitly
 * (`TZDIR`, `ZONEINFO`) is taken as it is.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { CalendarError } from './calendar-error.ts';
import { type PackedData, unpackZones } from './packed-zones.ts';
import { type ZoneRecord, parseTzif } from './tzif.ts';
import { type Zone, createZone } from './zone.ts';
import { isOffset, isZoneId, suggestZones } from './zone-id.ts';

export interface ZoneData {
  /** Release, such as `2026f`; `unknown` when the directory that was named does not say. */
  readonly tzdb: string;
  /** The directory, or `moment-timezone`. */
  readonly origin: string;
  readonly ids: ReadonlySet<string>;
  /** Throws CalendarError `unknown-zone` (with suggestions) or `zone-data-broken`. */
  zone(id: string): Zone;
}

export interface ZoneDataOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: where the usual systems keep them. */
  readonly directories?: readonly string[];
}

const DIRECTORIES = ['/usr/share/zoneinfo', '/usr/lib/zoneinfo', '/etc/zoneinfo'];
/** Copies with leap seconds and the like, and files that are no zones. */
const NOT_ZONES = new Set(['posix', 'right', 'localtime', 'posixrules', 'Factory']);
const PACKED = 'moment-timezone';
/** Deep enough for America/Argentina/Buenos_Aires. */
const MAX_DEPTH = 3;

/** Reads directories only; each zone is read when it is first asked for. */
export function openZoneData({ env = {}, directories = DIRECTORIES }: ZoneDataOptions = {}): ZoneData {
  const named = env['TZDIR'] ?? env['ZONEINFO'];
  if (named !== undefined && named !== '') {
    const data = fromDirectory(named);
    if (data === null)
      throw new CalendarError('zone-data-broken', `TZDIR ${JSON.stringify(named)} holds no zones; expected TZif files`);
    return data;
  }
  const packed = fromPackage();
  const system = directories.map(fromDirectory).find((data) => data !== null);
  return system !== undefined && isRelease(system.tzdb) && system.tzdb >= packed.tzdb ? system : packed;
}

/** What does not say its release counts as the oldest. */
const isRelease = (tzdb: string): boolean => /^\d{4}[a-z]/.test(tzdb);

function fromDirectory(directory: string): ZoneData | null {
  const ids = new Set(namesIn(directory, '', 1).filter(isZoneId));
  if (ids.size === 0) return null;
  return zoneData(versionOf(directory), directory, ids, (id) => parseTzif(readFileSync(join(directory, id))));
}

function fromPackage(): ZoneData {
  const data = createRequire(import.meta.url)('moment-timezone/data/packed/latest.json') as PackedData;
  const zones = unpackZones(data);
  const ids = new Set([...zones.keys()].filter(isZoneId));
  return zoneData(data.version, PACKED, ids, (id) => zones.get(id)?.() ?? unknown(id, ids, data.version));
}

function zoneData(tzdb: string, origin: string, ids: ReadonlySet<string>, read: (id: string) => ZoneRecord): ZoneData {
  const zones = new Map<string, Zone>();
  return {
    tzdb,
    origin,
    ids,
    zone: (id) => {
      const known = zones.get(id);
      if (known !== undefined) return known;
      if (!ids.has(id)) unknown(id, ids, tzdb);
      const zone = createZone(id, tzdb, recordOf(id, read));
      zones.set(id, zone);
      return zone;
    },
  };
}

/** A file that went away or cannot be read is a fault of the data, not of the caller. */
function recordOf(id: string, read: (id: string) => ZoneRecord): ZoneRecord {
  try {
    return read(id);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CalendarError('zone-data-broken', `zone ${id} cannot be read: ${why}`);
  }
}

function unknown(id: string, ids: ReadonlySet<string>, tzdb: string): never {
  const near = suggestZones(id, ids);
  const expected =
    near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'expected a name like Europe/Berlin, or UTC';
  const why = isOffset(id) ? 'an offset knows no change of clocks; ' : '';
  throw new CalendarError('unknown-zone', `${JSON.stringify(id)} is no zone of tzdb ${tzdb}; ${why}${expected}`);
}

function namesIn(directory: string, prefix: string, depth: number): string[] {
  try {
    return readdirSync(join(directory, prefix), { withFileTypes: true }).flatMap((entry) => {
      if (prefix === '' && NOT_ZONES.has(entry.name)) return [];
      const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      if (!entry.isDirectory()) return [name];
      return depth < MAX_DEPTH ? namesIn(directory, name, depth + 1) : [];
    });
  } catch {
    return [];
  }
}

/** First line of tzdata.zi: `# version 2026f`. */
function versionOf(directory: string): string {
  for (const [file, pattern] of [
    ['tzdata.zi', /^# version (\S+)/],
    ['+VERSION', /^(\S+)/],
  ] as const) {
    const found = pattern.exec(textOf(join(directory, file)))?.[1];
    if (found !== undefined) return found;
  }
  return 'unknown';
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** The zone data of this machine, opened again when it has changed: a release takes effect without a restart. */
export function zoneDataSource(options: ZoneDataOptions = {}): () => ZoneData {
  let data = openZoneData(options);
  let stamp = stampOf(data);
  return () => {
    const now = stampOf(data);
    if (now !== stamp) {
      data = openZoneData(options);
      stamp = stampOf(data);
    }
    return data;
  };
}

/** Changes when the files are replaced or updated; one look at one file. */
function stampOf({ origin, tzdb }: ZoneData): string {
  if (origin === PACKED) return tzdb;
  const stat =
    statSync(join(origin, 'tzdata.zi'), { throwIfNoEntry: false }) ?? statSync(origin, { throwIfNoEntry: false });
  return stat === undefined ? 'gone' : `${stat.mtimeMs} ${stat.ino} ${stat.size}`;
}
