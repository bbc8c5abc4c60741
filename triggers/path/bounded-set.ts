/** Remembers at most so many texts; when it is full it forgets the oldest half. For shortcuts only: nothing may depend on its memory. */
export class BoundedSet {
  readonly #most: number;
  #newer = new Set<string>();
  #older = new Set<string>();

  constructor(most: number) {
    this.#most = most;
  }

  has(text: string): boolean {
    return this.#newer.has(text) || this.#older.has(text);
  }

  add(text: string): void {
    this.#newer.add(text);
    if (this.#newer.size < this.#most / 2) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }
}
