/** What an operator reads while a run goes on: a checklist as the run's current details, and its phase as a search attribute. */
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import { ORDINARY_PHASE, type RunContext } from './run-context.ts';

export type Phase =
  | 'planning'
  | 'approval'
  | 'asking'
  | 'waiting'
  | 'checking'
  | 'acting'
  | 'stopped'
  | 'no-worker'
  | 'verifying'
  | 'undoing'
  | 'done'
  | 'failed'
  | 'resolved'
  | 'denied';
type Mark = 'open' | 'ok' | 'failed' | 'stopped' | 'note';

const PHASE = defineSearchAttributeKey('TocsinPhase', SearchAttributeType.KEYWORD);
const SIGNS: Readonly<Record<Mark, string>> = { open: '⏳', ok: '✔', failed: '✖', stopped: '⏸', note: '·' };
/** Where a run is that meets nothing else is told by its checklist and its status, which cost no history event. */
const ORDINARY: ReadonlySet<Phase> = new Set(['checking', 'acting', 'verifying', 'done', 'failed']);
/** A run that loops must not grow its details without bound. */
const MAX_LINES = 100;

export class Checklist {
  readonly #header: string;
  readonly #writesAll: boolean;
  #lines: { mark: Mark; text: string }[] = [];
  #phase: Phase | null = null;
  #written: Phase | typeof ORDINARY_PHASE | null;
  #question: string | null = null;

  constructor(context: RunContext) {
    this.#writesAll = context.phases === undefined;
    // As it was started.
    this.#written = this.#writesAll ? null : ORDINARY_PHASE;
    const facts = [
      ['alert', context.alertKey],
      ['service', context.service],
      ['region', context.region],
      ['trigger', context.trigger ?? 'started by hand'],
      ['event', context.event === null ? null : `${context.event.stream} #${context.event.sequence}`],
    ] as const;
    this.#header = facts.flatMap(([name, value]) => (value === null ? [] : [`**${name}** ${value}`])).join(' · ');
  }

  /** Add an open line; the returned function closes it. */
  begin(phase: Phase, title: string): (mark: 'ok' | 'failed' | 'stopped') => void {
    this.enter(phase);
    const line: { mark: Mark; text: string } = { mark: 'open', text: title };
    this.#add(line);
    return (mark) => {
      line.mark = mark;
      this.#show();
    };
  }

  /** Add an open line for a wait within a step, which has its phase meanwhile; the returned function ends both. */
  wait(phase: Phase, text: string): () => void {
    const before = this.#phase;
    const done = this.begin(phase, text);
    return () => {
      if (before !== null && this.#phase === phase) this.enter(before);
      done('ok');
    };
  }

  note(text: string): void {
    this.#add({ mark: 'note', text });
  }

  /** What people are asked, shown above the lines while it is open. */
  question(markdown: string | null): void {
    this.#question = markdown;
    this.#show();
  }

  end(phase: 'done' | 'failed' | 'resolved' | 'denied'): void {
    this.enter(phase);
  }

  phase(): Phase | null {
    return this.#phase;
  }

  enter(phase: Phase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#write(!this.#writesAll && ORDINARY.has(phase) ? ORDINARY_PHASE : phase);
  }

  /** On changes only: each costs one history event. */
  #write(phase: Phase | typeof ORDINARY_PHASE): void {
    if (phase === this.#written) return;
    this.#written = phase;
    upsertSearchAttributes([{ key: PHASE, value: phase }]);
  }

  #add(line: { mark: Mark; text: string }): void {
    this.#lines = [...this.#lines, line].slice(-MAX_LINES);
    this.#show();
  }

  #show(): void {
    const lines = this.#lines.map(({ mark, text }) => `- ${SIGNS[mark]} ${text}`);
    const question = this.#question === null ? [] : [this.#question, ''];
    setCurrentDetails([this.#header, '', ...question, ...lines].join('\n'));
  }
}
