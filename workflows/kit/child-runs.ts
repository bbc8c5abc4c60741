/**
 * Runs of other runbooks as parts of this one: each with a checklist, an undo stack and a history of its own, so that a region that hangs or
 * a wave that fails stays alone with it. Cancellation and a resolved alert reach them; their ids begin with that of this run.
 */
import {
  type ChildWorkflowHandle,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  WorkflowIdReusePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { attributesOf } from './run-attributes.ts';
import { APPROVAL_ALLOWANCE_MS, RESOLVED_SIGNAL, type RunContext } from './run-context.ts';

export interface ChildOptions {
  /** What it is for, as the checklist, the timeline and its id show it. */
  readonly title: string;
  /** Where its steps act unless they say otherwise; default: the region in which this run acts. */
  readonly region?: string;
  /** Bound on all of it; default 1 hour. Beyond it the server ends the child, and this step fails. */
  readonly timeoutMs?: number;
  /** What a plan takes its report to be. Without it a plan ends where the procedure looks into it. */
  readonly assumed?: unknown;
  /** Called once it has started, with a way to signal it; one that has ended meanwhile hears nothing. Not in a plan. */
  readonly onStart?: (signal: (name: string, arg: unknown) => void) => void;
}

const TIMEOUT_MS = 3_600_000;
const MAX_TITLE = 40;
/** Temporal takes ids of 1,000 bytes; names of files and metrics do not. */
const MAX_ID = 400;
/** A summary has at most 200 bytes. */
const MAX_SUMMARY = 100;

type Child = ChildWorkflowHandle<() => Promise<unknown>>;

export class ChildRuns {
  readonly #context: RunContext;
  readonly #open = new Set<Child>();
  #count = 0;
  #resolved = false;

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** Rejects with ChildWorkflowFailure when the child does not complete. It undid then what it had done itself. */
  async run(runbook: string, input: unknown, region: string, options: ChildOptions): Promise<unknown> {
    this.#count += 1;
    const { timeoutMs = TIMEOUT_MS, title } = options;
    const context = this.#contextFor(region);
    const child = await startChild<() => Promise<unknown>>(runbook, {
      workflowId: childId(workflowInfo().workflowId, this.#count, title),
      args: [input] as unknown as [],
      // The guard of R3, for children: the same part of the same run starts once.
      workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
      workflowExecutionTimeout: timeoutMs + (context.mode === 'approve' ? APPROVAL_ALLOWANCE_MS : 0),
      // A parent that was terminated leaves nobody to wait for it: the child undoes and ends.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      memo: { tocsin: context },
      typedSearchAttributes: attributesOf(context),
      staticSummary: title.slice(0, MAX_SUMMARY),
    });
    this.#open.add(child);
    try {
      // The alert was resolved while it was being started.
      if (this.#resolved) this.#tell(child);
      options.onStart?.((name, arg) => void child.signal(name, arg).catch(() => undefined));
      return await child.result();
    } finally {
      this.#open.delete(child);
    }
  }

  /** Tells all of them, now and later, that the alert is resolved; what they make of it is up to their policy. */
  resolve(): void {
    this.#resolved = true;
    for (const child of this.#open) this.#tell(child);
  }

  #tell(child: Child): void {
    // One that has ended meanwhile needs not be told; this run goes on with what it came to.
    void child.signal(RESOLVED_SIGNAL).catch(() => undefined);
  }

  #contextFor(region: string): RunContext {
    return { ...this.#context, region, parent: workflowInfo().workflowId };
  }
}

/** `<parent>/<number>-<title>`: readable, bounded, and different for every child of a run by its number. */
function childId(parent: string, number: number, title: string): string {
  const readable = title.replaceAll(/[^A-Za-z0-9_.-]+/g, '-').slice(0, MAX_TITLE);
  return `${parent.slice(0, MAX_ID)}/${number}-${readable}`;
}
