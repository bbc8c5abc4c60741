/** What the notifier tells, and the way it leaves the process. A channel knows one protocol; when to send, again or at all is the notifier's. */

export type Severity = 'info' | 'warning' | 'critical';

/** One thing that a human should know. Every text may hold foreign data, and is data for every channel. */
export interface Notice {
  /** Notices with the same key within the dedup time are one. */
  readonly key: string;
  readonly severity: Severity;
  /** One line. */
  readonly title: string;
  readonly text: string;
  /** Where to look; http or https. */
  readonly link: string | null;
  /** When it was found, ms since 1970. */
  readonly at: number;
  /** Names of the channels it is for; the others get it only when none of these takes it. Absent: all. */
  readonly channels?: readonly string[];
}

export interface Told extends Notice {
  /** How often it came again since it was last told; 0 for news. */
  readonly repeats: number;
}

/** What one call of a channel delivers. */
export interface Message {
  /** The same for every attempt, so that a receiver can recognise what it has. */
  readonly id: string;
  readonly lead: Told;
  /** Others that the rate limit folded into this message. */
  readonly more: readonly Told[];
  /** Notices lost since the last message that arrived: the queue was full. */
  readonly dropped: number;
  /** The same: every attempt failed. */
  readonly undelivered: number;
}

export interface Channel {
  /** As logs show it; never a secret. */
  readonly name: string;
  /** What `notify.channels` calls it; absent: it has no name there. */
  readonly configured?: string | undefined;
  /**
   * Resolves once the receiver has taken the message. Rejects with Refused when trying again is of no use, with any other error to be
   * tried again, and soon after the signal aborts. A message may arrive twice when an answer is lost.
   */
  send(message: Message, signal: AbortSignal): Promise<void>;
}

/** The receiver will never take this message. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** The receiver asks for time. */
export class Later extends Error {
  override readonly name = 'Later';
  readonly afterMs: number;

  constructor(message: string, afterMs: number) {
    super(message);
    this.afterMs = afterMs;
  }
}
