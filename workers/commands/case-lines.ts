/** Questions for machines: a file of JSON lines in, one JSON line out for each, in the same order. A bad line is answered, not fatal. */
import { readFileSync } from 'node:fs';
import { CalendarError } from '../../activities/calendar/calendar-error.ts';
import { CommandError, EXIT } from '../exit-code.ts';

export type Case = Readonly<Record<string, unknown>>;

/** `answer` gives what stands beside the id; `failed` stands there when it throws CalendarError. */
export function answerCases<Answer extends object>(
  file: string,
  answer: (question: Case) => Answer,
  failed: Answer,
): readonly (Answer & { readonly id: unknown; readonly error: string | null })[] {
  return linesOf(file).map(({ text, number }) => {
    const question = parse(text);
    if (question === null)
      return { id: null, ...failed, error: `bad-line: line ${number} is no JSON object: ${text.slice(0, 80)}` };
    const id = question['id'] ?? null;
    try {
      return { id, ...answer(question), error: null };
    } catch (error) {
      if (!(error instanceof CalendarError)) throw error;
      return { id, ...failed, error: `${error.code}: ${error.message}` };
    }
  });
}

export function printLines(answers: readonly object[]): void {
  for (const answer of answers) process.stdout.write(`${JSON.stringify(answer)}\n`);
}

export function textField(question: Case, name: string): string {
  const value = question[name];
  if (typeof value === 'string') return value;
  throw new CalendarError('bad-case', `/${name} is ${JSON.stringify(value) ?? 'missing'}; expected text`);
}

interface Line {
  readonly text: string;
  /** Of the file; blank lines count, and ask nothing. */
  readonly number: number;
}

function linesOf(file: string): Line[] {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
      .replace(/^\ufeff/, '')
      .split(/\r?\n/)
      .map((text, index) => ({ text, number: index + 1 }))
      .filter(({ text }) => text.trim() !== '');
  } catch (error) {
    throw new CommandError(
      EXIT.refused,
      `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function parse(line: string): Case | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Case) : null;
  } catch {
    return null;
  }
}
