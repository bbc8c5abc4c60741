/**
 * The calls of one effect, over all its tries. One that came to its end is not made again when a later one was refused, by a stop or the end of a
 * window: it would come under another key.
 */
import { patched } from '@temporalio/workflow';
import { asJson, canonical } from './canonical.ts';
import type { Activities } from './step-activities.ts';

/** Runs of before made all calls again. */
const ONCE = 'ended-calls-once';

interface EndedCall {
  readonly text: string;
  readonly value: unknown;
}

export class EffectCalls<Acts extends Activities<Acts>> {
  readonly #ended = new Map<number, EndedCall>();
  #made = 0;

  /** Calls that were made since it was last asked. */
  made(): number {
    const made = this.#made;
    this.#made = 0;
    return made;
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
        this.#made += 1;
        const call = activities[String(name)]?.(input) ?? Promise.resolve();
        call.then(
          (value) => this.#ended.set(place, { text, value }),
          () => undefined,
        );
        return call;
      },
    }) as Acts;
  }
}
