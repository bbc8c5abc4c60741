/** What an answer is made of, whoever it is for. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Seconds; senders that read the header wait so long. */
export const RETRY_AFTER_S = 5;
