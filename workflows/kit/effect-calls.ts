/**
 * The calls of one effect, over all its tries. One that came to its end is not made again when a later one was refused, by a stop or the end of a
 * window: it would come under another key. Whoever fails asks here whether anything has begun that may have to be undone.
 */
import { ApplicationFailure, patched } from '@temporalio/workflow';
import { asJson, canonical } from './canonical.ts';
import { neverBegan } from './never-began.ts';
import { isUntouched } from './red-button.ts';
import { NO_WORKER } from './run-context.ts';
import type { Activities } from './step-activities.ts';

/** Runs of before made all calls again. */
const ONCE = 'ended-calls-once';
/** Runs of before made a call again that was still at work. */
const PENDING = 'pending-calls-once';
/** Runs of before judged a try by the failure it ended with. */
const BY_CALL = 'never-began-by-call';

interface EndedCall {
  readonly text: string;
  readonly value: unknown;
}

export class EffectCalls<Acts extends Activities<Acts>> {
  readonly #ended = new Map<number, EndedCall>();
  readonly #pending = new Map<number, { readonly text: string; readonly call: Promise<unknown> }>();
  /** Calls, of all tries, of which it is not certain that they never began. */
  #doubtful = 0;
  /** In this try. */
  #made = 0;
  #begunOnce = false;

  /** Whether it is certain that nothing began, in this try, which ended with `error`, and in those before it. Once for each try that failed. */
  neverBegan(error: unknown): boolean {
    const begun = this.#begunAsBefore(error);
    return !begun || (this.#doubtful === 0 && patched(BY_CALL));
  }

  /** As runs of before judge: it knows fewer cases. */
  #begunAsBefore(error: unknown): boolean {
    // A call before the one that was refused came to its end.
    this.#begunOnce ||= this.#made > 1 || (this.#made === 1 && !isUntouched(error) && !isNoWorkerEver(error));
    this.#made = 0;
    return this.#begunOnce;
  }

  /** For the next try: activities whose calls have to come in the same order. */
  of(on: Acts): Acts {
    const activities = on as unknown as Readonly<Record<string, (input: unknown) => Promise<unknown>>>;
    let next = 0;
    return new Proxy(Object.create(null) as object, {
      get: (_target, name) => (input: unknown) => {
        const place = next++;
        const text = `${String(name)} ${canonical(asJson(input))}`;
        const ended = this.#ended.get(place);
        if (ended?.text === text && patched(ONCE)) return Promise.resolve(ended.value);
        // Beside one that was refused; it is at work still.
        const pending = this.#pending.get(place);
        if (pending?.text === text && patched(PENDING)) return pending.call;
        this.#made += 1;
        this.#doubtful += 1;
        const call = activities[String(name)]?.(input) ?? Promise.resolve();
        this.#pending.set(place, { text, call });
        call.then(
          (value) => {
            this.#pending.delete(place);
            this.#ended.set(place, { text, value });
          },
          (error: unknown) => {
            this.#pending.delete(place);
            if (neverBegan(error)) this.#doubtful -= 1;
          },
        );
        return call;
      },
    }) as Acts;
  }
}

const isNoWorkerEver = (error: unknown): boolean => error instanceof ApplicationFailure && error.type === NO_WORKER;
