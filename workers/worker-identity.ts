/** How a worker is called in Temporal: `host pid part#start v=1.2.0 tz=2025b`, as the UI shows it beside each task. It says what the worker began with. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { packageVersion } from './package-version.ts';
import { tzVersion } from './tz-version.ts';

/**
 * `part`: a region, or `runbooks`. Never the same twice: in a container that is started anew host and pid are those of the process before, and the
 * server remembers how that one polled for a minute and more; by its name a worker that does not poll yet would be taken for ready.
 */
export const workerIdentity = (part: string): string =>
  `${hostname()} ${process.pid} ${part}#${randomBytes(4).toString('hex')} v=${packageVersion()} tz=${tzVersion()}`;

/** Release of the zone data of the worker's host; null for one that does not say. */
export const zoneDataOf = (identity: string): string | null => / tz=(\d{4}[a-z]+)$/.exec(identity)?.[1] ?? null;

/** Host, process and part: what a start shares with one before it in the same container. Somebody else's identity is taken whole. */
export const processOf = (identity: string): string => /^(\S+ \d+ \S+)#[0-9a-f]{8} v=/.exec(identity)?.[1] ?? identity;

const IDENTITY = /^(\S+) (\d+) \S+ v=(\S+) tz=(\S+)$/;

/** What an identity says; all null for somebody else's. */
export function describedIdentity(identity: string) {
  const [, host = null, pid = null, version = null, tzdb = null] = IDENTITY.exec(identity) ?? [];
  return { host, pid: pid === null ? null : Number(pid), version, tzdb };
}
