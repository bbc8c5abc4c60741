/** How a worker is called in Temporal: `host pid part v=1.2.0 tz=2025b`, as the UI shows it beside each task. It says what the worker began with. */
import { hostname } from 'node:os';
import { packageVersion } from './package-version.ts';
import { tzVersion } from './tz-version.ts';

/** `part`: a region, or `runbooks`. */
export const workerIdentity = (part: string): string =>
  `${hostname()} ${process.pid} ${part} v=${packageVersion()} tz=${tzVersion()}`;

/** Release of the zone data of the worker's host; null for one that does not say. */
export const zoneDataOf = (identity: string): string | null => / tz=(\d{4}[a-z]+)$/.exec(identity)?.[1] ?? null;

const IDENTITY = /^(\S+) (\d+) \S+ v=(\S+) tz=(\S+)$/;

/** What an identity says; all null for somebody else's. */
export function describedIdentity(identity: string) {
  const [, host = null, pid = null, version = null, tzdb = null] = IDENTITY.exec(identity) ?? [];
  return { host, pid: pid === null ? null : Number(pid), version, tzdb };
}
