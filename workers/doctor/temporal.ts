/** Temporal: does it answer, is it new enough, does it keep runs long enough, does it know our search attributes, does anybody work. */
import type { ConnectionOptions } from '@temporalio/client';
import { maxEventAgeMs } from '../../triggers/match/evaluate.ts';
import { bookStream } from '../../triggers/nats/subject.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { RUNBOOK_QUEUE } from '../../workflows/kit/run-context.ts';
import { type Config, durationMs } from '../config.ts';
import { temporalTargetOf } from '../connect.ts';
import { certificateLife } from '../temporal-certificate.ts';
import { CLIENT_PAIR } from '../tls-problem.ts';
import { missingSearchAttributes, topologyOf } from '../provision.ts';
import { ACTIVITY_TASKS, RUNBOOK_TASKS, pollersOf } from '../pollers.ts';
import { ago } from '../status/ago.ts';
import type { Session } from '../commands/session.ts';
import { countRuns } from '../status/runs.ts';
import { temporalClockAheadMs } from '../temporal-clock.ts';
import type { TemporalClient } from '../temporal-connection.ts';
import { proveRights } from '../temporal-rights.ts';
import { clockFinding } from './clock.ts';
import { type Examination, type Finding, error, ok, warning } from './finding.ts';
import { isOlder } from './version.ts';
import { project } from '../project.ts';

/** The first with everything that runs rely on: summaries, updates, priorities. */
const LEAST_VERSION = '1.28.0';
const CALL_TIMEOUT_MS = 5_000;

export const temporal: Examination = {
  name: 'temporal',
  needs: 'temporal',
  examine: async (session) => {
    const { config } = session;
    const connection = await session.temporal();
    const retentionMs = await createRuns(connection).retentionMs();
    return [
      await versionFinding(connection),
      ...retentionFindings(retentionMs, config),
      await attributesFinding(connection),
      await listFinding(connection),
      await rightsFinding(session, connection),
      ...(await workerFindings(connection, config)),
      clockFinding('Temporal', await temporalClockAheadMs(connection)),
      ...certificateFindings(temporalTargetOf(config).connection, Date.now()),
    ];
  },
};

async function versionFinding({ client }: TemporalClient): Promise<Finding> {
  const { serverVersion } = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
    client.workflowService.getSystemInfo({}),
  );
  return isOlder(serverVersion, LEAST_VERSION)
    ? error(`Temporal is ${serverVersion}`, `upgrade it to ${LEAST_VERSION} or later`)
    : ok(`Temporal is ${serverVersion}`);
}

/** The workflow id guards against a second start for as long as Temporal remembers it; the episode book has to remember for longer. */
export function retentionFindings(retentionMs: number, config: Config): Finding[] {
  const findings: Finding[] = [];
  const keeps = `Temporal keeps closed runs for ${ago(retentionMs)}`;
  const raise = 'raise it: temporal operator namespace update --retention 30d';
  for (const trigger of project.triggers) {
    const age = maxEventAgeMs(trigger);
    if (age >= retentionMs)
      findings.push(
        error(`${keeps}, trigger ${trigger.id} takes events that are ${ago(age)} old: one could start twice`, raise),
      );
  }
  const windowMs = durationMs(config.sweeper.window);
  if (windowMs > retentionMs)
    findings.push(
      error(`${keeps}, less than sweeper.window ${config.sweeper.window}: failed runs could go unseen`, raise),
    );
  const shortest = Math.min(
    ...topologyOf(config)
      .filter(({ name }) => config.regions.some((region) => bookStream(region) === name))
      .map(({ maxAgeMs }) => maxAgeMs),
  );
  if (retentionMs > shortest)
    findings.push(warning(`${keeps}, the episode book ${ago(shortest)}`, `lower the retention below ${ago(shortest)}`));
  return findings.length === 0 ? [ok(`${keeps}; the episode book ${ago(shortest)}`)] : findings;
}

async function attributesFinding(connection: TemporalClient): Promise<Finding> {
  const missing = await missingSearchAttributes(connection);
  return missing.length === 0
    ? ok('the search attributes are registered')
    : error(
        `search attributes are missing: ${missing.join(', ')}`,
        '`tocsin topology --apply` registers them; no run starts without',
      );
}

/** What the sweeper and the audit stand on. */
async function listFinding({ client }: TemporalClient): Promise<Finding> {
  try {
    return ok(`${await countRuns(client, "ExecutionStatus = 'Running'")} runs go on`);
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    return error(
      `runs cannot be listed: ${why}`,
      'allow this user to read the namespace, and look at its visibility store',
    );
  }
}

/** By a signal that reaches nobody. */
async function rightsFinding(session: Session, connection: TemporalClient): Promise<Finding> {
  try {
    await proveRights(connection);
    return ok('this user may write to the namespace');
  } catch (failure) {
    const refused = session.refusal(failure);
    if (refused === null) throw failure;
    return error(refused.what, refused.remedy);
  }
}

/** Of the pair that the settings name, which is what a process that starts now shows; one that ended has not come this far. */
export function certificateFindings(connection: ConnectionOptions, now: number): Finding[] {
  const life = certificateLife(connection);
  if (life === null) return [];
  const lasts = `the client certificate for Temporal lasts until ${new Date(life.endsAt).toISOString()}`;
  return [
    now < life.soonAt
      ? ok(lasts)
      : warning(lasts, `put a new pair where ${CLIENT_PAIR} lead, and start every role again`),
  ];
}

async function workerFindings(connection: TemporalClient, { places }: Config): Promise<Finding[]> {
  const queues = [
    { name: RUNBOOK_QUEUE, kind: RUNBOOK_TASKS },
    ...places.map(({ queue }) => ({ name: queue, kind: ACTIVITY_TASKS })),
  ];
  return Promise.all(
    queues.map(async ({ name, kind }) => {
      const { length } = await pollersOf(connection, name, kind);
      return length > 0
        ? ok(`${length} workers take from ${name}`)
        : warning(`no worker takes from ${name}`, 'start one: tocsin worker');
    }),
  );
}
