/**
 * Tells open runs of the red button, so that they wait before they schedule an effect, or go on at once. A courtesy with a bound: what is not
 * reached is refused by the workers all the same, and tries again by itself.
 */
import { type RunFacts, type Scope, type Stop, covers, factsOf } from '../../triggers/path/stop.ts';
import { ALLOWED_SIGNAL, type RunContext, STOPPED_SIGNAL } from '../../workflows/kit/run-context.ts';
import type { TemporalClient } from '../temporal-connection.ts';

export interface Told {
  readonly told: number;
  /** Covered and not reached; closed meanwhile, or there was no time left. */
  readonly missed: number;
}

const BOUND_MS = 5_000;
const MAX_RUNS = 2_000;
const AT_ONCE = 20;
const OPEN = "TocsinTrigger IS NOT NULL AND ExecutionStatus = 'Running'";

/** `stop` null: they may go on. Rejects when Temporal does not answer. */
export async function tellRuns(
  { client }: TemporalClient,
  { scope, regions, stop }: { readonly scope: Scope; readonly regions: readonly string[]; readonly stop: Stop | null },
): Promise<Told> {
  const deadline = Date.now() + BOUND_MS;
  return client.withDeadline(deadline, async () => {
    const ids: string[] = [];
    for await (const { workflowId, type, memo } of client.workflow.list({ query: OPEN })) {
      if (isCovered(type, memo?.['tocsin'] as RunContext | undefined, scope, regions)) ids.push(workflowId);
      if (ids.length === MAX_RUNS) break;
    }
    const signal = (id: string): Promise<void> => {
      const handle = client.workflow.getHandle(id);
      return stop === null ? handle.signal(ALLOWED_SIGNAL) : handle.signal(STOPPED_SIGNAL, stop, Date.now());
    };
    let told = 0;
    for (let from = 0; from < ids.length && Date.now() < deadline; from += AT_ONCE) {
      const outcomes = await Promise.allSettled(ids.slice(from, from + AT_ONCE).map(signal));
      told += outcomes.filter(({ status }) => status === 'fulfilled').length;
    }
    return { told, missed: ids.length - told };
  });
}

function isCovered(
  runbook: string,
  context: RunContext | undefined,
  scope: Scope,
  regions: readonly string[],
): boolean {
  if (context === undefined || !regions.includes(context.region)) return false;
  const { trigger, service, region, labels = null } = context;
  const facts: RunFacts = { trigger, service, region, runbook, labels };
  return covers(scope, factsOf(facts));
}
