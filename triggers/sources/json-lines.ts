/**
 * JSON lines (one value a line, in a JSON text sequence with a record separator in front). Each line is read for itself, so that a bad one
 * spoils none of its neighbours; what lies beyond the bounds is not looked at and shares one rejection.
 */
import { type JsonBudget, type JsonProblem, MAX_VALUES, jsonSteps } from '../events/json.ts';
import { type Steps, atOnce } from '../events/steps.ts';
import { MAX_ITEMS } from './read.ts';

export interface Line {
  readonly value: unknown;
  /** Of one line alone: its own bytes. */
  readonly raw: Uint8Array;
  /** JSON Pointer; its first token is the line, counted from 0. */
  readonly place: string;
  /** Why the line could not be read. */
  readonly problem: JsonProblem | 'line-too-long' | 'too-many-lines' | null;
}

/** Lines of one request, blank ones not counted. */
export const MAX_LINES = MAX_ITEMS;
const MAX_LINE_BYTES = 1_000_000;
/** Reading a bad line costs as much as reading thirty good ones. */
const MAX_BAD_LINES = 2_000;

const [NEWLINE, SPACE] = [0x0a, 0x20];
/** The same bytes are looked at by whoever asks whose they are, and read by the one who takes them. */
const known = new WeakMap<Uint8Array, readonly Line[]>();

export const jsonLines = (raw: Uint8Array): readonly Line[] => atOnce(lineSteps(raw));

export function* lineSteps(raw: Uint8Array): Steps<readonly Line[]> {
  const lines = known.get(raw) ?? (yield* readLines(raw));
  known.set(raw, lines);
  return lines;
}

function* readLines(raw: Uint8Array): Steps<readonly Line[]> {
  const lines: Line[] = [];
  const budget: JsonBudget = { values: MAX_VALUES };
  let bad = 0;
  let index = 0;
  for (let start = 0, end = 0; start < raw.length; start = end + 1, index += 1) {
    const from = skipBlank(raw, start);
    end = from < raw.length ? endOfLine(raw, from) : from;
    if (from === end) continue;
    const line = yield* readLine(raw.subarray(from, end), `/${index}`, budget);
    if (line.problem !== null) bad += 1;
    const isOver = lines.length >= MAX_LINES || bad > MAX_BAD_LINES;
    if (isOver) return [...lines, { value: null, raw, place: `/${index}`, problem: 'too-many-lines' }];
    lines.push(line);
    if (line.problem === 'too-many-values') return lines;
  }
  return lines;
}

function* readLine(bytes: Uint8Array, place: string, budget: JsonBudget): Steps<Line> {
  if (bytes.length > MAX_LINE_BYTES) return { value: null, raw: bytes, place, problem: 'line-too-long' };
  const parsed = yield* jsonSteps(bytes, budget);
  return parsed.ok
    ? { value: parsed.value, raw: bytes, place, problem: null }
    : { value: null, raw: bytes, place: place + parsed.place, problem: parsed.reason };
}

/** White space other than the end of the line, and the character that begins a text of a sequence. */
function skipBlank(raw: Uint8Array, start: number): number {
  let i = start;
  while (i < raw.length && (raw[i] ?? 0) <= SPACE && raw[i] !== NEWLINE) i += 1;
  return i;
}

/** A line of one character is found faster byte by byte, a long one costs its parser more than this. */
function endOfLine(raw: Uint8Array, start: number): number {
  let i = start;
  while (i < raw.length && raw[i] !== NEWLINE) i += 1;
  return i;
}
