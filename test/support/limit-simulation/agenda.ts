/** Virtual time: events in the order of their time, and of their making when that is the same. */
interface Item {
  readonly time: number;
  readonly order: number;
  readonly work: () => void;
}

export class Agenda {
  /** Ms since the start. */
  now = 0;
  readonly #items: Item[] = [];
  #made = 0;

  after(delayMs: number, work: () => void): void {
    this.#made += 1;
    const item = { time: this.now + Math.max(delayMs, 0), order: this.#made, work };
    let index = this.#items.length;
    while (index > 0 && isLater(this.#items[index - 1], item)) index -= 1;
    this.#items.splice(index, 0, item);
  }

  run(until: number): void {
    for (let item = this.#items.shift(); item !== undefined && item.time <= until; item = this.#items.shift()) {
      this.now = item.time;
      item.work();
    }
  }
}

const isLater = (a: Item | undefined, b: Item): boolean =>
  a !== undefined && (a.time > b.time || (a.time === b.time && a.order > b.order));
