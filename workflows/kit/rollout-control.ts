/**
 * How a rollout goes and how operators steer it: one update, checked before it is taken, and one query. It outlives a plan that is made again.
 */
import { ApplicationFailure, condition, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import type { RolloutOrder, RolloutStatus, Steering, WaveState, WaveStatus } from './rollout-message.ts';
import { ROLLOUT_PAUSED_SIGNAL, ROLLOUT_QUERY, ROLLOUT_UPDATE } from './rollout-message.ts';
import { CANARY, type Wave } from './rollout-plan.ts';
import { withinRun } from './run-end.ts';

/** Kept of what an operator writes. */
const MAX_TEXT = 200;
/** Longer than any run. */
const FOREVER_MS = 366 * 86_400_000;

interface Entry extends WaveStatus {
  state: WaveState;
  done: number;
  failed: number;
  /** Its run has been started; never so by a plan. */
  begun: boolean;
}

const FRESH = { state: 'waiting', done: 0, failed: 0, begun: false } as const;

type Signal = (name: string, arg: unknown) => void;

export class RolloutControl {
  /** A line for the checklist. */
  readonly #note: (text: string) => void;
  #waves: Entry[] = [];
  /** Those that the procedure has come to since its start. */
  readonly #walked = new Set<string>();
  #paused: RolloutStatus['paused'] = null;
  #signal: Signal | null = null;

  constructor(note: (text: string) => void) {
    this.#note = note;
    setHandler(defineQuery<RolloutStatus>(ROLLOUT_QUERY), () => this.status(), {
      description: 'Waves, how far they are, and whether somebody has paused the rollout.',
    });
    setHandler(defineUpdate<RolloutStatus, [RolloutOrder]>(ROLLOUT_UPDATE), (order) => this.#take(order), {
      validator: (order) => this.#check(order),
      description: 'Pause, resume, skip or reorder: `tocsin rollout`.',
    });
  }

  /** The procedure is walked through from its start, perhaps anew: what was begun, left out or put in another order stays so. */
  plan(waves: readonly Wave[]): void {
    const before = this.#waves;
    const place = ({ name }: Entry): number => {
      const index = before.findIndex((each) => each.name === name);
      return index === -1 ? before.length : index;
    };
    this.#waves = waves
      .map(({ name, targets }) => {
        const known = before.find((each) => each.name === name) ?? FRESH;
        return { ...known, name, targets: targets.length };
      })
      .toSorted((one, other) => place(one) - place(other));
    this.#walked.clear();
  }

  /** The wave that begins now; null: none is left. Waits while it is paused, and rejects when the run's time is up meanwhile. */
  async next(): Promise<string | null> {
    if (this.#paused !== null && this.#ahead() !== undefined) {
      const { by, why } = this.#paused;
      if (!(await condition(() => this.#paused === null, withinRun(FOREVER_MS), { summary: `paused by ${by}` })))
        throw refused(`paused by ${by} (${why}) until the time of the run was up`);
    }
    const entry = this.#ahead();
    if (entry === undefined) return null;
    this.#walked.add(entry.name);
    entry.state = 'running';
    return entry.name;
  }

  /** The wave at work hears of a pause, now and later. */
  started(name: string, signal: Signal): void {
    this.#signal = signal;
    for (const each of this.#waves) if (each.name === name) each.begun = true;
    if (this.#paused !== null) signal(ROLLOUT_PAUSED_SIGNAL, true);
  }

  ended(name: string, state: 'done' | 'failed', counts: { readonly done: number; readonly failed: number }): void {
    this.#signal = null;
    const entry = this.#waves.find((each) => each.name === name);
    if (entry === undefined) return;
    if (entry.begun) Object.assign(entry, { state, ...counts });
    else entry.state = 'waiting';
  }

  status(): RolloutStatus {
    return { paused: this.#paused, waves: this.#waves.map(({ begun: _begun, ...each }) => each) };
  }

  #ahead(): Entry | undefined {
    return this.#waves.find(({ name, state }) => state !== 'skipped' && !this.#walked.has(name));
  }

  /** Comes from outside: every part is looked at. */
  #check(order: RolloutOrder): void {
    const { kind, by, why } = (order ?? {}) as Partial<RolloutOrder>;
    if (![by, why].every((text) => typeof text === 'string' && text.trim() !== '' && text.length <= MAX_TEXT))
      throw refused(`an order says by whom it is and why, in 1 to ${MAX_TEXT} characters each`);
    switch (kind) {
      case 'pause':
        if (this.#paused !== null) throw refused(`it is paused already, by ${this.#paused.by}: ${this.#paused.why}`);
        return;
      case 'resume':
        if (this.#paused === null) throw refused('it is not paused');
        return;
      case 'skip':
        return this.#checkWaiting([(order as Extract<Steering, { kind: 'skip' }>).wave]);
      case 'reorder':
        return this.#checkWaiting((order as Extract<Steering, { kind: 'reorder' }>).waves);
      default:
        throw refused(`order ${JSON.stringify(kind)} is unknown; expected pause, resume, skip or reorder`);
    }
  }

  #checkWaiting(names: unknown): void {
    const waiting = this.#waves.filter(({ state }) => state === 'waiting').map(({ name }) => name);
    if (!Array.isArray(names) || names.length === 0 || new Set(names).size !== names.length)
      throw refused('an order names waves, each once');
    for (const name of names) {
      const there = this.#waves.find((each) => each.name === name);
      if (there === undefined || there.state !== 'waiting')
        throw refused(
          `wave ${JSON.stringify(name)} ${there === undefined ? 'is not there' : `is ${there.state}`}; not begun are: ${waiting.join(', ') || 'none'}`,
        );
      if (name === CANARY) throw refused('the canary goes first; cancel the run instead');
    }
  }

  #take(order: RolloutOrder): RolloutStatus {
    const said = `by ${order.by}: ${order.why}`;
    switch (order.kind) {
      case 'pause':
      case 'resume':
        this.#paused = order.kind === 'pause' ? { by: order.by, why: order.why } : null;
        this.#signal?.(ROLLOUT_PAUSED_SIGNAL, order.kind === 'pause');
        this.#note(`${order.kind}d ${said}`);
        break;
      case 'skip':
        for (const each of this.#waves) if (each.name === order.wave) each.state = 'skipped';
        this.#note(`wave ${order.wave} is skipped ${said}`);
        break;
      case 'reorder':
        this.#waves = reordered(this.#waves, order.waves);
        this.#note(`waves ${order.waves.join(', ')} come next ${said}`);
        break;
    }
    return this.status();
  }
}

/** What has begun, and the canary, keep their places before them. */
function reordered(waves: readonly Entry[], names: readonly string[]): Entry[] {
  const first = waves.filter(({ state, name }) => state !== 'waiting' || name === CANARY);
  const named = names.flatMap((name) => waves.filter((each) => each.name === name));
  return [...first, ...named, ...waves.filter((each) => !first.includes(each) && !named.includes(each))];
}

const refused = (message: string): ApplicationFailure =>
  ApplicationFailure.create({ type: 'RolloutOrderRefused', message, nonRetryable: true });
