/** NATS: does it answer, is it new enough, are the streams as configured, may this user do what the roles do, is there room, how are writes synced. */
import { Conflict, LogRefused } from '../../triggers/nats/errors.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { bookBucket, deadStream, eventStream, ledgerStream, routeToken } from '../../triggers/nats/subject.ts';
import { madeAnew, strangersTo } from '../../triggers/path/stream-identity.ts';
import type { Config } from '../config.ts';
import { natsSync } from '../nats-sync.ts';
import { topologyOf } from '../provision.ts';
import { FULL_FROM } from '../status/regions.ts';
import { clockFinding } from './clock.ts';
import { controlFindings } from './control.ts';
import { type Examination, type Finding, error, ok, warning } from './finding.ts';
import { isOlder } from './version.ts';

/** Before it the log of replicated streams was not synced even when asked to. */
const LEAST_VERSION = '2.10.23';
/** Before it a cluster could lose streams and acknowledged messages in more ways. */
const LEAST_CLUSTERED = '2.12.5';

export const nats: Examination = {
  name: 'nats',
  needs: 'nats',
  examine: async ({ log: open, config }) => {
    const log = await open();
    const differences = await log.ensureTopology(topologyOf(config), false);
    const findings = topologyFindings(differences);
    // What is missing cannot be looked at.
    if (differences.some((line) => line.endsWith(': missing'))) return findings;
    const { version, clockAheadMs } = await log.serverState(eventStream(config.regions[0] ?? ''));
    return [
      ...versionFindings(version, config),
      ...findings,
      ...(await identityFindings(log, config)),
      ...(await controlFindings(log, config)),
      ...(await roomFindings(log, config)),
      ...(await permissionFindings(log, config)),
      clockFinding('NATS', clockAheadMs),
      await syncFinding(config),
    ];
  },
};

function versionFindings(version: string, { nats: { replicas } }: Config): Finding[] {
  const least = replicas > 1 ? LEAST_CLUSTERED : LEAST_VERSION;
  if (isOlder(version, least))
    return [error(`NATS is ${version}`, `upgrade it to ${least} or later: older ones lose acknowledged messages`)];
  return [ok(`NATS is ${version}`)];
}

function topologyFindings(differences: readonly string[]): Finding[] {
  if (differences.length === 0) return [ok('streams and consumers are as configured')];
  const remedy = '`tocsin topology --apply` creates and changes them, or change the configuration';
  return differences.map((line) => (line.endsWith(': missing') ? error(line, remedy) : warning(line, remedy)));
}

async function identityFindings(log: EventLog, { regions }: Config): Promise<Finding[]> {
  const findings = await Promise.all(
    regions.map(async (region) => {
      const strangers = await strangersTo(log, region);
      if (strangers.length === 0) return [];
      const { what, remedy } = madeAnew(region, strangers);
      return [error(`${what}; nothing is started from it`, remedy)];
    }),
  );
  return findings.flat();
}

async function roomFindings(log: EventLog, config: Config): Promise<Finding[]> {
  const streams = topologyOf(config).map(({ name }) => name);
  const findings = await Promise.all(
    streams.map(async (stream) => {
      const { bytes, maxBytes } = await log.streamState(stream);
      const share = maxBytes > 0 ? bytes / maxBytes : 0;
      if (share < FULL_FROM) return [];
      const text = `stream ${stream} is ${Math.round(share * 100)} % full`;
      return [
        error(text, 'raise its max_bytes (nats stream edit): a full stream refuses, and nothing is started then'),
      ];
    }),
  );
  const found = findings.flat();
  return found.length === 0 ? [ok('every stream has room')] : found;
}

/** No subject has had so many messages: the write is refused by compare-and-set, so that it proves the right and stores nothing. */
const IMPOSSIBLE_SEQUENCE = Number.MAX_SAFE_INTEGER;

async function permissionFindings(log: EventLog, config: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const region of config.regions) {
    const token = routeToken(region);
    const subjects = [
      [`events.${token}.normal.tocsin.doctor`, eventStream(region)],
      [`ledger.${token}.event.doctor.0`, ledgerStream(region)],
      [`dlq.${token}.0.doctor`, deadStream(region)],
      [`$KV.${bookBucket(region)}.doctor`, `KV_${bookBucket(region)}`],
    ] as const;
    for (const [subject, expectStream] of subjects) {
      try {
        await log.publish(subject, new Uint8Array(), { expectStream, expectLastSequence: IMPOSSIBLE_SEQUENCE });
      } catch (failure) {
        if (failure instanceof Conflict) continue;
        const why = failure instanceof Error ? failure.message : String(failure);
        const remedy =
          failure instanceof LogRefused ? `allow this user to publish to ${subject}` : 'look at the log of the server';
        findings.push(error(`may not write ${subject}: ${why}`, remedy));
      }
    }
  }
  return findings.length === 0 ? [ok('this user may write events, records, dead letters and books')] : findings;
}

async function syncFinding({ nats: { monitorUrl } }: Config): Promise<Finding> {
  if (monitorUrl === undefined)
    return ok('sync_interval cannot be seen; name the monitoring port with nats.monitorUrl to have it looked at');
  try {
    const { always, intervalSeconds } = await natsSync(monitorUrl);
    if (always) return ok('NATS syncs every write before it acknowledges it');
    return warning(
      `NATS acknowledges before it syncs (sync_interval ${intervalSeconds} s)`,
      'set `sync_interval: always` in its jetstream block: a power cut takes what was not synced',
    );
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    return warning(`nats.monitorUrl ${monitorUrl} does not answer: ${why}`, 'correct it, or leave it out');
  }
}
