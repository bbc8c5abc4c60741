/** What a run has to take back should it not come to its end: newest first, each once. */
import type { RefusedCall } from './step-activities.ts';

export interface Undo {
  readonly title: string;
  readonly call: (again?: RefusedCall) => Promise<unknown>;
}

/** Titles, newest first. `left`: could not be undone, and needs a human. */
export interface Undone {
  readonly undone: readonly string[];
  readonly left: readonly string[];
}

export class UndoStack {
  #undos: Undo[] = [];

  /** Once, however often the act is tried. */
  push(undo: Undo): void {
    if (!this.#undos.includes(undo)) this.#undos.push(undo);
  }

  /** Its act never began. */
  drop(undo: Undo): void {
    this.#undos = this.#undos.filter((each) => each !== undo);
  }

  /** What it holds is undone with the others of `stack` from now on. */
  handOverTo(stack: UndoStack): void {
    for (const undo of this.#undos) stack.push(undo);
    this.#undos = [];
  }

  /** One that fails is for `carryOut` to tell of, and does not keep the others from being undone. */
  async undoAll(carryOut: (undo: Undo) => Promise<void>): Promise<Undone> {
    const undone: string[] = [];
    const left: string[] = [];
    // Taken off before it is tried, so that nothing is undone twice.
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) {
      try {
        await carryOut(undo);
        undone.push(undo.title);
      } catch {
        left.push(undo.title);
      }
    }
    return { undone, left };
  }
}
