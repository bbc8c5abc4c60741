/** What is wrong with a zone, a window or a schedule, as a stable code and a sentence. Permanent: the definition has to change. */
export class CalendarError extends Error {
  override readonly name = 'CalendarError';

  readonly code: string;
  /** Each with its place, where a definition was read; else empty. */
  readonly problems: readonly Problem[];

  constructor(code: string, message: string, problems: readonly Problem[] = []) {
    super(message);
    this.code = code;
    this.problems = problems;
  }
}

export interface Problem {
  /** JSON Pointer into the definition. */
  readonly place: string;
  readonly message: string;
}
