/**
 * What a run, or a part of it that undoes alone, has to take back. A part that came to its end keeps its effects; one that failed undoes its own
 * and nobody else's; what ends the whole run leaves them to the run.
 */
import { AsyncLocalStorage, CancellationScope, patched } from '@temporalio/workflow';
import { causeOf } from './cause.ts';
import type { Checklist } from './checklist.ts';
import { decisions } from './decisions.ts';
import { endsTheRun } from './ends-the-run.ts';
import { notUndone } from './not-undone.ts';
import type { PostMortem } from './post-mortem.ts';
import { type RedButton, isRefusal } from './red-button.ts';
import type { RefusedCall } from './step-activities.ts';
import { type Undo, type Undone, UndoStack } from './undo-stack.ts';

/** Parts of runs of before only noted it. */
const TELLS_NOT_UNDONE = 'part-not-undone-is-told';

export interface UndoingRun {
  readonly checklist: Checklist;
  readonly redButton: RedButton;
  readonly story: PostMortem;
}

export class RunUndos {
  readonly #run: UndoingRun;
  readonly #ofRun = new UndoStack();
  /** Of the run: a cut-off of a window cancels only what is within. */
  readonly #whole = CancellationScope.current();
  readonly #part = new AsyncLocalStorage<UndoStack>();

  constructor(run: UndoingRun) {
    this.#run = run;
  }

  /** Of the part that runs now, or of the run. */
  current(): UndoStack {
    return this.#part.getStore() ?? this.#ofRun;
  }

  /** Rejects as `body` does; as failure NotUndone when its effects could not all be undone: the run may go on without it, and come to a good end. */
  async alone<T>(body: () => Promise<T>): Promise<T> {
    const part = new UndoStack();
    const outer = this.current();
    try {
      return await this.#part.run(part, body);
    } catch (error) {
      if (endsTheRun(error, this.#whole)) part.handOverTo(outer);
      else await CancellationScope.nonCancellable(() => this.#undoPart(part, error));
      throw error;
    }
  }

  async #undoPart(part: UndoStack, error: unknown): Promise<void> {
    const { left } = await this.#undoAll(part);
    if (left.length === 0) return;
    const failure = notUndone(causeOf(error), left);
    const title = `not undone: ${left.join(', ')}`;
    // That nobody could be told must not hide the failure.
    if (patched(TELLS_NOT_UNDONE))
      await decisions
        .tellPeople({ about: title, severity: 'critical', title, text: failure.message })
        .catch(() => undefined);
    throw failure;
  }

  /** Newest first; one that fails is noted and does not keep the others from being undone. */
  undoAll(): Promise<Undone> {
    return this.#undoAll(this.#ofRun);
  }

  async #undoAll(stack: UndoStack): Promise<Undone> {
    const { checklist, redButton, story } = this.#run;
    const undone = await stack.undoAll(async (undo) => {
      await redButton.through(
        (again) => this.#undo(undo, again),
        () => false,
      );
      story.add('Undone', undo.title);
    });
    for (const title of undone.left) {
      checklist.note(`not undone: ${title}`);
      story.add('Notes', `not undone: ${title}`);
    }
    return undone;
  }

  async #undo({ title, call }: Undo, again?: RefusedCall): Promise<void> {
    const done = this.#run.checklist.begin('undoing', `undo: ${title}`);
    try {
      await call(again);
      done('ok');
    } catch (error) {
      done(isRefusal(error) ? 'stopped' : 'failed');
      throw error;
    }
  }
}
