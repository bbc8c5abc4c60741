/**
 * Waits for an event that names this run, for the resolve of its alert, or for time to pass. Nothing is asked for again and again: the
 * trigger process signals. What comes before the run waits for it is kept, so that nobody has to be quick. Costs nothing until it is used.
 */
import { ApplicationFailure, condition, defineSignal, patched, setHandler } from '@temporalio/workflow';
import type { Checklist } from './checklist.ts';
import { EVENT_SIGNAL, type RunContext, type RunEvent } from './run-context.ts';
import { withinRun } from './run-end.ts';
import { workflowTime } from './workflow-time.ts';

/** Events kept for a wait that has not come yet; what is older is forgotten. */
const MAX_KEPT = 100;
/** Ids remembered, so that an event that is sent again counts once. */
const MAX_IDS = 1_000;
/** In runs of before, an event ended all waits of one moment. */
const ENDS_ONE_WAIT = 'event-ends-one-wait';

export interface WaitOptions<Data = unknown> {
  /** Type of an event whose extension `forrun` is the id of this run. Each event ends one wait. */
  readonly event?: string;
  /** Which of them; default: the first. Decides by the event alone. */
  readonly when?: (event: RunEvent<Data>) => boolean;
  /** Whether the resolve of the run's alert ends the wait. Not under policy `ignore`, where no run is told. */
  readonly resolved?: boolean;
  /** How long at most. It ends before the run's execution timeout in any case. */
  readonly timeoutMs: number;
  /** What a plan takes it to end by. Without it a plan ends here. */
  readonly assumed?: Waited<Data>;
}

/** What ended a wait. */
export type Waited<Data = unknown> =
  { readonly by: 'event'; readonly event: RunEvent<Data> } | { readonly by: 'resolved' } | { readonly by: 'time-out' };

/** The run, as far as a wait is concerned. */
export interface Waiting {
  readonly resolved: () => boolean;
  readonly stops: () => boolean;
}

export class RunWaits {
  readonly #context: RunContext;
  readonly #checklist: Checklist;
  readonly #ids = new Set<string>();
  #kept: RunEvent[] = [];
  #listening = false;

  constructor(context: RunContext, checklist: Checklist) {
    this.#context = context;
    this.#checklist = checklist;
  }

  /** Resolves to null when the run is to end instead. */
  async wait<Data>(title: string, options: WaitOptions<Data>, run: Waiting): Promise<Waited<Data> | null> {
    const { event: type, when = () => true, resolved = false, timeoutMs } = options;
    this.#check(title, options);
    if (type !== undefined) this.#listen();
    const done = this.#checklist.begin('waiting', title);
    const fits = (event: RunEvent): boolean => event.type === type && when(event as RunEvent<Data>);
    let mark: 'ok' | 'failed' = 'failed';
    let waited = null as Waited<Data> | null;
    const look = (): boolean => {
      const event = this.#kept.find(fits) as RunEvent<Data> | undefined;
      if (event !== undefined) waited = { by: 'event', event };
      else waited = resolved && run.resolved() ? { by: 'resolved' } : null;
      return waited !== null || (!resolved && run.stops());
    };
    const until = workflowTime() + withinRun(timeoutMs);
    try {
      do {
        const leftMs = Math.max(1, until - workflowTime());
        const ended = look() || (await condition(look, leftMs, { summary: title.slice(0, 100) }));
        mark = 'ok';
        if (!ended) return this.#timedOut(title);
      } while (this.#isAnothers(waited));
      return waited;
    } finally {
      done(mark);
    }
  }

  /** Resolves when so much time has passed, or the run is to end. */
  async soak(title: string, ms: number, stops: () => boolean): Promise<void> {
    if (ms <= 0) return;
    if (withinRun(ms) < ms) throw bad(`"${title}" takes ${ms} ms, and the run ends before; give it more time`);
    const done = this.#checklist.begin('waiting', title);
    let mark: 'ok' | 'failed' = 'failed';
    try {
      await condition(stops, ms, { summary: title.slice(0, 100) });
      mark = 'ok';
    } finally {
      done(mark);
    }
  }

  /** Takes the event, unless another wait has taken it in the same moment. */
  #isAnothers(waited: Waited | null): boolean {
    if (waited?.by !== 'event') return false;
    const kept = this.#kept.filter((each) => each !== waited.event);
    const taken = kept.length === this.#kept.length;
    this.#kept = kept;
    return taken && patched(ENDS_ONE_WAIT);
  }

  #timedOut(title: string): Waited<never> {
    this.#checklist.note(`in vain: ${title}`);
    return { by: 'time-out' };
  }

  #check(
    title: string,
    { event, resolved = false, timeoutMs }: Pick<WaitOptions, 'event' | 'resolved' | 'timeoutMs'>,
  ): void {
    if (event === undefined && !resolved) throw bad(`"${title}" waits for nothing; expected event, resolved or both`);
    if (!(timeoutMs > 0)) throw bad(`"${title}": timeoutMs ${timeoutMs}, expected more than 0`);
    if (resolved && this.#context.onResolved === 'ignore')
      throw bad(
        `"${title}" waits for a resolve that its trigger does not tell of; expected onResolved cancel or finish`,
      );
  }

  /** Signals that came before are kept by the SDK until now. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    setHandler(defineSignal<[RunEvent]>(EVENT_SIGNAL), (event) => this.#keep(event), {
      description: 'An event that names this run.',
    });
  }

  #keep(event: RunEvent): void {
    const identity = `${event.source} ${event.id}`;
    if (this.#ids.has(identity)) return;
    this.#ids.add(identity);
    const [oldest] = this.#ids;
    if (this.#ids.size > MAX_IDS && oldest !== undefined) this.#ids.delete(oldest);
    this.#kept = [...this.#kept, event].slice(-MAX_KEPT);
  }
}

const bad = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: 'BadWait', message, nonRetryable: true });
