/** What is wrong with a zone, a window or a schedule, as a stable code and a sentence. Permanent: the definition has to change. */
export class CalendarError extends Error {
  override readonly name = 'CalendarError';

  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
