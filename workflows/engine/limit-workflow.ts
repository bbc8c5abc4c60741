/**
 * One scope of one limit, as a workflow that lives as long as there is something to remember. It takes messages, lets `reduce` decide,
 * and carries out what comes of it. Its current details show holders and queue in the Temporal UI.
 */
import {
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  log,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { alwaysUpgraded } from './always-upgraded.ts';
import type { Decisions } from '../../activities/decisions.ts';
import { workflowTime } from '../kit/workflow-time.ts';
import {
  ANSWER_SIGNAL,
  type LimitAnswer,
  type LimitReleaseMessage,
  type LimitRequestMessage,
  type LimitStart,
  type LimitView,
  RELEASE_SIGNAL,
  REQUEST_SIGNAL,
  STATE_QUERY,
} from './limit-protocol.ts';
import { limitDetails } from './limits/details.ts';
import { type LimitInput, reduce } from './limits/reduce.ts';
import type { LimitOutput } from './limits/step.ts';
import type { LimitRule } from './limits/rule.ts';
import { wakeAt } from './limits/settle.ts';
import { EMPTY, type LimitState } from './limits/state.ts';

/** After so long without anything to remember it ends; the next request starts it anew. */
const IDLE_MS = 600_000;
/** Inputs of one execution at most; Temporal's own advice usually comes first. */
const MAX_INPUTS = 5_000;
const MIN_WAIT_MS = 500;
/** When it cannot be found out what was remembered: longer than most leases. */
const FORGOTTEN_MS = 900_000;

/** Bounded tightly: whoever waits for a slot waits for these as well. What fails is looked at again a little later. */
const asks = proxyLocalActivities<Pick<Decisions, 'inspectHolder' | 'recallLimit' | 'tellPeople'>>({
  startToCloseTimeout: 5_000,
  scheduleToCloseTimeout: 15_000,
  retry: { initialInterval: 500, maximumAttempts: 3 },
});

export async function tocsinLimit(start: LimitStart): Promise<void> {
  // Cancelling it would forget who holds what.
  await CancellationScope.nonCancellable(() => new Limit(start).live());
}

// It lives for longer than any version of the workers.
setWorkflowOptions(alwaysUpgraded, tocsinLimit);

type Arrived = LimitInput & { readonly rule?: LimitRule };

class Limit {
  #rule: LimitRule;
  #state: LimitState;
  readonly #start: LimitStart;
  readonly #inbox: Arrived[] = [];
  #inputs = 0;

  constructor(start: LimitStart) {
    this.#start = start;
    this.#rule = start.rule;
    this.#state = start.state ?? EMPTY;
  }

  async live(): Promise<void> {
    this.#listen();
    if (this.#start.state === null) this.#state = await recalled(this.#start.previous ?? null);
    for (;;) {
      const due = wakeAt(this.#rule, this.#state);
      const wait = due === null ? IDLE_MS : Math.max(MIN_WAIT_MS, due - workflowTime());
      const asked = await condition(() => this.#inbox.length > 0, wait);
      if (!asked) this.#inbox.push({ kind: 'tick' });
      // What comes of it may bring more: a holder that is looked at, a run that cannot be told.
      while (this.#inbox.length > 0) await this.#turn();
      if (!asked && this.#empty()) return;
      if (this.#inputs >= MAX_INPUTS || workflowInfo().continueAsNewSuggested)
        await continueAsNew<typeof tocsinLimit>({ rule: this.#rule, state: this.#state });
    }
  }

  #listen(): void {
    setHandler(
      defineSignal<[LimitRequestMessage]>(REQUEST_SIGNAL),
      ({ rule, request }) => void this.#inbox.push({ kind: 'request', request, rule }),
      { description: 'A step asks for a slot.' },
    );
    setHandler(
      defineSignal<[LimitReleaseMessage]>(RELEASE_SIGNAL),
      (message) => void this.#inbox.push({ kind: 'release', ...message }),
      { description: 'A step gives its slot back.' },
    );
    setHandler(
      defineQuery<LimitView>(STATE_QUERY),
      () => ({ rule: this.#rule, state: { ...this.#state, now: Math.max(this.#state.now, workflowTime()) } }),
      { description: 'Holders, queue, failures and cool-down.' },
    );
  }

  async #turn(): Promise<void> {
    const outputs: LimitOutput[] = [];
    for (const { rule, ...input } of this.#inbox.splice(0)) {
      // The newest configuration counts.
      this.#rule = rule ?? this.#rule;
      const step = reduce(this.#rule, this.#state, input as LimitInput, workflowTime());
      this.#state = step.state;
      this.#inputs += 1;
      outputs.push(...step.outputs);
    }
    setCurrentDetails(limitDetails(this.#rule, this.#state));
    await Promise.all(outputs.map((output) => this.#carryOut(output)));
  }

  async #carryOut(output: LimitOutput): Promise<void> {
    switch (output.kind) {
      case 'grant': {
        const { id, workflowId, runId, fence, until } = output.lease;
        const told = await tell(workflowId, { kind: 'granted', id, runId, fence, until });
        if (!told) this.#inbox.push({ kind: 'undeliverable', id });
        return;
      }
      case 'refuse': {
        const { id, workflowId } = output.request;
        await tell(workflowId, { kind: 'refused', id, reason: output.reason, text: output.text });
        return;
      }
      case 'inspect': {
        const { id, workflowId, runId } = output.lease;
        const verdict = await asks.inspectHolder({ workflowId, runId }).catch(() => ({ kind: 'unknown' }) as const);
        this.#inbox.push({ kind: 'inspected', id, verdict });
        return;
      }
      case 'page': {
        const { about, title, text } = output;
        await asks
          .tellPeople({ about: `limit ${about}`, severity: 'critical', title, text })
          .catch((error: unknown) => log.error('nobody could be told', { title, error }));
      }
    }
  }

  /** Nothing that a new execution would have to know. */
  #empty(): boolean {
    const { leases, queue, failures, seen, coolUntil, stoppedUntil } = this.#state;
    return (
      leases.length + queue.length + failures.length + seen.length === 0 &&
      Math.max(coolUntil, stoppedUntil) <= workflowTime()
    );
  }
}

/** Somebody may have terminated it while steps held its slots. In doubt nothing begins for a while. */
async function recalled(previous: string | null): Promise<LimitState> {
  const { workflowId, runId } = workflowInfo();
  try {
    return (await asks.recallLimit({ workflowId, runId, previous })) ?? EMPTY;
  } catch {
    return { ...EMPTY, coolUntil: workflowTime() + FORGOTTEN_MS };
  }
}

/** Without a run id: after a reset the successor is told, which knows what it asked for. False when the run is closed. */
async function tell(workflowId: string, answer: LimitAnswer): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(ANSWER_SIGNAL, answer);
    return true;
  } catch {
    return false;
  }
}
