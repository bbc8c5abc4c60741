/**
 * The windows of one run: waits for an opening, runs a part of the procedure within it, and does at the cut-off what the runbook says. Costs
 * nothing until a window is used. Undoing keeps to no window: what is half done is worse than what is done late.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import { heldWindow, notAfter } from './held-window.ts';
import { type GatedRun, WindowGate, WindowPassed } from './window-gate.ts';
import { OVERRIDE_SIGNAL, type SignedOverride, WINDOW_CLOSED, windowName } from './window-message.ts';
import { type WindowOptions, plannedWindow } from './window-options.ts';
import type { WindowUse } from './window-use.ts';
import { workflowTime } from './workflow-time.ts';

/** Windows that were opened by hand and are remembered. */
const MAX_OVERRIDES = 20;
/** Openings that one effect comes too late for; far more than any run sees. */
const MAX_OPENINGS = 100;

export class RunWindows {
  readonly #run: GatedRun;
  readonly #overrides = new Map<string, SignedOverride>();
  #listening = false;

  constructor(run: GatedRun) {
    this.#run = run;
  }

  /** Rejects as `body` does; with NoOpening or WindowClosed (final) when it may not act. */
  async within<T>(use: WindowUse, region: string, options: WindowOptions, body: () => Promise<T>): Promise<T> {
    this.#listen();
    const override = (): SignedOverride | null => this.#overrides.get(windowName(use)) ?? null;
    const gate = new WindowGate({ use, region, options, run: this.#run, override });
    await gate.open();
    const held = () => heldWindow.run({ planned: plannedWindow(use, options), gate }, body);
    return options.onCutoff === 'cancel' ? untilCutoff(gate, held) : held();
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    setHandler(
      defineSignal<[string, SignedOverride]>(OVERRIDE_SIGNAL),
      (window, override) => {
        if (this.#overrides.size < MAX_OVERRIDES || this.#overrides.has(window)) this.#overrides.set(window, override);
      },
      { description: 'Opens a window for this run, signed: `tocsin window override`.' },
    );
  }
}

async function untilCutoff<T>(gate: WindowGate, body: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope();
  let ended = false;
  let cut = false;
  const cutoff = new CancellationScope();
  const timer = cutoff.run(async () => {
    for (let end = gate.end(); ; end = gate.end()) {
      const left = Math.max(1, end - workflowTime());
      const moved = (): boolean => ended || gate.end() !== end;
      const early = left === Infinity ? await condition(moved).then(() => true) : await condition(moved, left);
      if (ended) return;
      if (!early) break;
    }
    cut = true;
    scope.cancel();
  });
  timer.catch(() => undefined); // cancelled with the run; the body is as well
  try {
    return await scope.run(body);
  } catch (error) {
    if (cut && isCancellation(error)) throw gate.closedFailure();
    throw error;
  } finally {
    ended = true;
  }
}

/**
 * Carries out an effect while the window around it is open; without one, at once. `asked`: when the run came to it, ms since 1970. `effect`
 * puts what acts into `guarded` when all other waits are over; what that schedules is refused by its worker when it comes too late.
 */
export async function throughWindow<T>(
  asked: number,
  effect: (guarded: <R>(act: () => Promise<R>) => Promise<R>) => Promise<T>,
): Promise<T> {
  const gate = heldWindow.getStore()?.gate ?? null;
  if (gate === null) return effect((act) => act());
  for (let openings = 1; ; openings += 1) {
    try {
      const first = gate.mayBegin(asked);
      if (first !== null) await first;
      return await effect(async (act) => {
        const again = gate.mayBegin(asked);
        if (again !== null) await again;
        return notAfter.run(gate.lastStart(), act);
      });
    } catch (error) {
      if (!isTooLate(error) || openings >= MAX_OPENINGS) throw error;
      await gate.again();
    }
  }
}

/** Nothing of the effect has begun. */
const isTooLate = (error: unknown): boolean =>
  error instanceof WindowPassed ||
  (error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === WINDOW_CLOSED &&
    error.cause.details?.[0] === true);
