/**
 * The red button as a run feels it. While it is pressed the run waits here, before its next effect, until it is told to go on or until it
 * tries again by itself; a worker that still refuses only makes it wait longer. A run that nobody stops pays nothing for this.
 */
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { condition, defineSignal, patched, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Stop } from '../../triggers/path/stop.ts';
import type { Checklist } from './checklist.ts';
import { ALLOWED_SIGNAL, EFFECTS_STOPPED, STOPPED_SIGNAL } from './run-context.ts';
import { endsBy } from './run-end.ts';
import { type RefusedCall, latest } from './step-activities.ts';
import { stoppedPauseMs } from './stopped-pause.ts';
import { workflowTime } from './workflow-time.ts';

/** What a run keeps of its execution timeout to end by itself, so that it says why. */
const LAST_WORDS_MS = 15_000;

/** Runs of before made each call that was refused under the id of the first one. */
const EACH_ITS_OWN = 'refused-calls-each-its-own';

export class RedButton {
  readonly #checklist: Checklist;
  #told: Stop | null = null;

  constructor(checklist: Checklist) {
    this.#checklist = checklist;
    setHandler(defineSignal<[Stop, number]>(STOPPED_SIGNAL), (stop) => void (this.#told = stop), {
      description: 'The red button is pressed: wait before the next effect.',
    });
    setHandler(defineSignal(ALLOWED_SIGNAL), () => void (this.#told = null), {
      description: 'Effects are allowed again.',
    });
  }

  /**
   * Carry an effect out as soon as it may be. `again`: the call that was refused before, for its key to stay the same. `gaveUp`: true when
   * there is no use in waiting any longer; what then happens is up to `effect`, which is tried in any case.
   */
  async through<T>(
    effect: (again: RefusedCall | undefined, waited: boolean) => Promise<T>,
    gaveUp: () => boolean,
  ): Promise<T> {
    let refused: RefusedCall | undefined;
    for (let waits = 0; ; waits += 1) {
      const waited = this.#told !== null;
      if (this.#told !== null) await this.#wait(this.#told, waits, gaveUp);
      try {
        return await effect(refused, waited);
      } catch (error) {
        const refusal = refusalIn(error);
        if (refusal === null) throw error;
        this.#told = refusal.stop;
        const { call, untouched } = refusal;
        // The calls before this one have ended by now, and are not made again.
        const another = refused !== undefined && refused.id !== call.id && patched(EACH_ITS_OWN);
        refused = latest({ ...(another ? call : (refused ?? call)), untouched }, refused);
      }
    }
  }

  async #wait(stop: Stop, waits: number, gaveUp: () => boolean): Promise<void> {
    const end = endsBy(LAST_WORDS_MS);
    const leftMs = end === null ? Infinity : end - workflowTime();
    const words = `${stop.why === '' ? '' : `${stop.why}, `}${stop.by}`;
    if (leftMs <= 0) throw outOfTime(stop, words);
    const done = this.#checklist.begin('stopped', `waiting: red button (${words})`);
    const waitMs = Math.min(stoppedPauseMs(waits, workflowInfo().historyLength), leftMs);
    await condition(() => this.#told === null || gaveUp(), waitMs);
    done('ok');
    // Whoever lifted the stop may not have reached this run.
    this.#told = null;
  }
}

/** Was this effect refused, and not tried? */
export const isRefusal = (error: unknown): boolean => refusalIn(error) !== null;

/** Did it not even begin, in any attempt? */
export const isUntouched = (error: unknown): boolean => refusalIn(error)?.untouched === true;

interface Refusal {
  readonly stop: Stop;
  readonly untouched: boolean;
  readonly call: RefusedCall;
}

function refusalIn(error: unknown): Refusal | null {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return null;
  const { type, details } = error.cause;
  if (type !== EFFECTS_STOPPED) return null;
  const [stop, , , untouched] = (details ?? []) as [Stop, number, number, boolean?];
  return {
    stop,
    untouched: untouched === true,
    call: { type: error.activityType, id: error.activityId ?? '' },
  };
}

/** The stop is its detail: whoever lifts it decides about the run. */
const outOfTime = (stop: Stop, words: string): ApplicationFailure =>
  ApplicationFailure.create({
    type: EFFECTS_STOPPED,
    message: `the red button (${words}) was not released before the execution timeout of this run`,
    nonRetryable: true,
    details: [stop],
  });
