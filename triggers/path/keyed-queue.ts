/** Runs tasks of one key one after another and tasks of different keys side by side. Bounded by whoever calls it: the consumer's `maxInFlight`. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const mine = this.#tails.get(key)?.then(task, task) ?? task();
    const over = (): void => {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
    };
    this.#tails.set(key, mine);
    mine.then(over, over);
    return mine;
  }
}
