/**
 * Carries out what is decided about one event at Temporal: runs are started, told that their alert is over, told of an event that names them. All of
 * it may happen twice.
 */
import type { EventOf } from '../events/cloud-event.ts';
import { FOR_RUN } from '../events/for-run.ts';
import type { Delivery } from '../nats/port.ts';
import type { BoundedSet } from './bounded-set.ts';
import { type DecideOptions, decideAndWrite } from './decide-and-write.ts';
import type { Decoded } from './decode.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';
import type { Disposition, Position } from './disposition.ts';
import { EngineRefused } from './engine.ts';
import type { RecentRun } from './loop.ts';
import type { PlannedPlan, PlannedStart } from './plan.ts';
import { policyOf } from './planner.ts';
import { startRequest } from './start-request.ts';
import { forget } from './take-back.ts';

export type CarryOutOptions = DecideOptions & {
  /** Plans asked for here, so that an alert that fires on costs no further call. */
  readonly planned: BoundedSet;
};

/** What was decided, and what came of each trigger that matched. Rejects with the errors of the book and of the engine. */
export async function carryOut(
  options: CarryOutOptions,
  decoded: Extract<Decoded, { ok: true }>,
  delivery: Delivery,
  position: Position,
) {
  const done = await decideAndWrite(options, decoded, delivery, position);
  const outcomes = await Promise.all(done.starts.map((start) => startRun(options, decoded, position, start)));
  const observed = await Promise.all(done.plans.map((each) => startPlan(options, decoded, position, each)));
  const started = outcomes.some(({ kind }) => kind === 'started');
  if (started && decoded.alert !== null) await tellIfResolvedMeanwhile(options, decoded.alert.alertKey, done.starts);
  const told = await Promise.all(
    done.signals.map(async ({ trigger, workflowId, generation }): Promise<Disposition> => {
      const reached = await options.engine.signalResolved(workflowId, position);
      return { trigger, kind: 'joined', workflowId, generation, run: reached ? 'told' : 'done' };
    }),
  );
  const named = done.forRun === null ? [] : [await tellRun(options, decoded.event, done.forRun)];
  return { done, dispositions: [...outcomes, ...observed, ...told, ...named, ...done.settled] };
}

/** The run keeps what it does not wait for yet, and knows an event that comes again by its id. */
async function tellRun(
  { engine }: DispatcherOptions,
  { id, type, source, subject, time, data }: EventOf<unknown>,
  workflowId: string,
): Promise<Disposition> {
  try {
    const reached = await engine.signalEvent(workflowId, {
      id,
      type,
      source,
      subject: subject ?? null,
      time: time ?? null,
      data: data ?? null,
    });
    return { trigger: FOR_RUN, kind: 'joined', workflowId, generation: 1, run: reached ? 'told' : 'done' };
  } catch (error) {
    if (!(error instanceof EngineRefused)) throw error;
    return { trigger: FOR_RUN, kind: 'dead', reason: 'signal-refused', message: error.message };
  }
}

async function startRun(
  options: DispatcherOptions,
  decoded: Extract<Decoded, { ok: true }>,
  position: Position,
  start: PlannedStart,
): Promise<Disposition> {
  const { trigger, workflowId, generation } = start;
  try {
    const result = await options.engine.start(startRequest(decoded, position, start));
    if (result.kind === 'started' || result.byThisEvent) {
      options.recent?.note(toRecent(decoded, start, options.now()));
      return { trigger: trigger.id, kind: 'started', workflowId, runId: result.runId, generation };
    }
    return { trigger: trigger.id, kind: 'joined', workflowId, generation, run: result.status };
  } catch (error) {
    if (!(error instanceof EngineRefused)) throw error;
    if (decoded.alert !== null) await forget(options.book, decoded.alert.alertKey, trigger.id, workflowId);
    return { trigger: trigger.id, kind: 'dead', reason: 'start-refused', message: error.message };
  }
}

/** The same id for the same plan, so it is made once; one that Temporal refuses leaves the disposition without it. */
async function startPlan(
  options: CarryOutOptions,
  decoded: Extract<Decoded, { ok: true }>,
  position: Position,
  { start, disposition }: PlannedPlan,
): Promise<Disposition> {
  if (options.planned.has(start.workflowId)) return disposition;
  try {
    await options.engine.start(startRequest(decoded, position, start));
    options.planned.add(start.workflowId);
    return disposition;
  } catch (error) {
    if (!(error instanceof EngineRefused)) throw error;
    return { trigger: start.trigger.id, kind: 'ignored', reason: 'observed', detail: `no plan: ${error.message}` };
  }
}

/** R4, the starter's half: the resolver may have closed the episode between our write and our start, and found no run to tell. */
async function tellIfResolvedMeanwhile(
  options: DispatcherOptions,
  alertKey: string,
  starts: readonly PlannedStart[],
): Promise<void> {
  const { episode } = await options.book.read(alertKey);
  for (const { workflowId, trigger, generation } of starts) {
    const over = episode !== null && (episode.generation > generation || episode.status === 'closed');
    if (!over || episode.lastResolve === null || policyOf(options.triggers, trigger.id) === 'ignore') continue;
    await options.engine.signalResolved(workflowId, episode.lastResolve.by);
  }
}

const toRecent = ({ alert }: Extract<Decoded, { ok: true }>, start: PlannedStart, startedAt: number): RecentRun => ({
  workflowId: start.workflowId,
  trigger: start.trigger.id,
  region: start.region,
  service: start.service,
  alertKey: alert?.alertKey ?? null,
  startedAt,
  depth: start.lineage?.depth ?? 0,
});
