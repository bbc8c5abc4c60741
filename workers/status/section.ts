/** One part of the screen of `tocsin status`. A section looks by itself and may fail by itself: the others are shown all the same. */
import type { Session } from '../commands/session.ts';

export interface SectionReport {
  /** What is shown; one line each, without the section's name. */
  readonly lines: readonly string[];
  /** The same for machines. */
  readonly facts: unknown;
  /** True when somebody should do something about it. */
  readonly bad: boolean;
  /** As a command ends that needed what did not answer here; absent: all answered. */
  readonly exitCode?: number;
}

export interface StatusSection {
  /** As the screen and the JSON document call it. */
  readonly name: string;
  /** Rejects when it cannot be known now; the reason is shown in its place. */
  look(session: Session): Promise<SectionReport>;
}
