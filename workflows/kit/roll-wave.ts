/**
 * One wave of a rollout: every target in its own region's window, some at once; then a pause, and then a look at all of them again. A target that
 * fails undoes alone and stays a result; when more have failed than may, nothing further begins.
 */
import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import { type Part, type PartFailure, fanOut } from './fan-out.ts';
import { ROLLOUT_PAUSED_SIGNAL } from './rollout-message.ts';
import { targetKey } from './rollout-plan.ts';
import type { Run } from './run.ts';
import { withinRun } from './run-end.ts';
import type { WindowUse } from './window-use.ts';

export interface WaveTarget {
  readonly name: string;
  readonly region: string;
}

/** What `rollOut` starts a wave with. */
export interface WaveInput {
  readonly wave: string;
  readonly targets: readonly WaveTarget[];
  readonly window: WindowUse;
  readonly needMs: number;
  readonly parallel: number;
  readonly soakMs: number;
  /** With more failed targets than this it ends. */
  readonly mayFail: number;
}

export interface WaveReport {
  /** `region/name` of each; they stay as they are. */
  readonly done: readonly string[];
  readonly failed: readonly FailedTarget[];
  /** Not begun. */
  readonly left: readonly string[];
  /** Markdown: what was seen and done there, target by target. */
  readonly report: string;
}

export interface FailedTarget extends PartFailure {
  readonly target: string;
}

export interface WaveSteps<Acts> {
  /** Treats one target. `there` acts in its region; `there.escalate` fails this target alone. */
  readonly treat: (there: Run<Acts>, target: WaveTarget) => Promise<unknown>;
  /** After the soak: whether it is still well. */
  readonly verify: (there: Run<Acts>, target: WaveTarget) => Promise<boolean>;
}

/** Failure types of a target. */
const TARGET_FAILED = 'TargetFailed';
const SICK_AFTER_SOAK = 'SickAfterSoak';

export async function rollWave<Acts>(run: Run<Acts>, wave: WaveInput, steps: WaveSteps<Acts>): Promise<WaveReport> {
  const pass = new WavePass(wave, steps);
  // What is approved has an order: one after another.
  const parallel = (run.context.mode ?? 'auto') === 'auto' ? wave.parallel : 1;
  const parts = await fanOut(wave.targets, (target) => pass.treat(placed(run, target), target), { parallel });
  const begun = parts.filter((part) => !(part.ok && part.value === LEFT));
  const left = parts.filter((part) => part.ok && part.value === LEFT).map(({ item }) => targetKey(item));
  const treated = begun.filter(({ ok }) => ok).map(({ item }) => item);
  const failed = failuresOf(begun);
  // Nobody waits with bad news.
  if (left.length > 0 || failed.length > wave.mayFail || treated.length === 0)
    return { done: treated.map(targetKey), failed, left, report: run.report() };
  await run.soak(`soak wave ${wave.wave}`, wave.soakMs);
  const looks = await fanOut(
    treated,
    async (target) => {
      if (!(await steps.verify(placed(run, target), target)))
        throw targetFailed(SICK_AFTER_SOAK, `${targetKey(target)} is not well any more after the soak`);
    },
    { parallel },
  );
  return {
    done: looks.filter(({ ok }) => ok).map(({ item }) => targetKey(item)),
    failed: [...failed, ...failuresOf(looks)],
    left,
    report: run.report(),
  };
}

/** What a target comes to that was not begun. */
const LEFT = Symbol('left');

class WavePass<Acts> {
  readonly #wave: WaveInput;
  readonly #steps: WaveSteps<Acts>;
  /** Those that wait for their window. */
  readonly #waiting = new Set<CancellationScope>();
  #failures = 0;
  #paused = false;
  #ended = false;

  constructor(wave: WaveInput, steps: WaveSteps<Acts>) {
    this.#wave = wave;
    this.#steps = steps;
    setHandler(
      defineSignal<[boolean]>(ROLLOUT_PAUSED_SIGNAL),
      (paused) => {
        this.#paused = paused;
      },
      { description: 'Begin with no further target, or go on.' },
    );
  }

  async treat(there: Run<Acts>, target: WaveTarget): Promise<unknown> {
    try {
      for (;;) {
        await this.#held();
        if (this.#ended || this.#longestWaitMs() <= 0) return LEFT;
        const came = await this.#inItsWindow(there, target);
        // Paused while it waited for its window: it is not begun, and the window is asked for again.
        if (came !== HELD) return came;
      }
    } catch (error) {
      if (!isCancellation(error)) this.#fail();
      throw error;
    }
  }

  async #inItsWindow(there: Run<Acts>, target: WaveTarget): Promise<unknown> {
    const { window, needMs } = this.#wave;
    const scope = new CancellationScope();
    this.#waiting.add(scope);
    let begun = false;
    try {
      return await scope.run(() =>
        there.inWindow(window, { needMs, jitterMs: 0, waitMs: this.#longestWaitMs() }, async () => {
          if (this.#paused) return HELD;
          if (this.#ended) return LEFT;
          begun = true;
          this.#waiting.delete(scope);
          return there.alone(() => this.#steps.treat(there, target));
        }),
      );
    } catch (error) {
      if (this.#ended && !begun && isCancellation(error)) return LEFT;
      throw error;
    } finally {
      this.#waiting.delete(scope);
    }
  }

  /** What begins later cannot be soaked before the wave has to end. */
  #longestWaitMs(): number {
    const { needMs, soakMs } = this.#wave;
    return withinRun(FOREVER_MS) - needMs - soakMs;
  }

  async #held(): Promise<void> {
    if (!this.#paused) return;
    const resumed = await condition(() => !this.#paused, withinRun(FOREVER_MS), { summary: 'paused' });
    // Its time is up: what is not begun is told as such.
    if (!resumed) this.#ended = true;
  }

  #fail(): void {
    this.#failures += 1;
    if (this.#failures <= this.#wave.mayFail || this.#ended) return;
    this.#ended = true;
    for (const scope of this.#waiting) scope.cancel();
  }
}

const HELD = Symbol('held');
/** Longer than any run. */
const FOREVER_MS = 366 * 86_400_000;

/** Where the target is; giving up on it is not giving up on the wave. */
const placed = <Acts>(run: Run<Acts>, { region }: WaveTarget): Run<Acts> => ({
  ...run.onRegion(region),
  escalate: (message) => {
    throw targetFailed(TARGET_FAILED, message);
  },
});

const failuresOf = (parts: readonly Part<WaveTarget, unknown>[]): FailedTarget[] =>
  parts.flatMap((part) => (part.ok ? [] : [{ target: targetKey(part.item), ...part.failure }]));

const targetFailed = (type: string, message: string): ApplicationFailure =>
  ApplicationFailure.create({ type, message, nonRetryable: true });
