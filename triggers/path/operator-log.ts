/**
 * Who did what by hand, and why: one chained line for each act in a stream of its own. Every line carries the hash of the one before, so that
 * a changed, missing or reordered line shows. Lines are added by compare-and-set, so that the chain cannot fork.
 */
import { createHash } from 'node:crypto';
import { Conflict } from '../nats/errors.ts';
import type { EventLog, StoredMessage } from '../nats/port.ts';
import { actsStream, actsSubject } from '../nats/subject.ts';
import { decodeJson, encodeJson } from './json-bytes.ts';

export interface Act {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly by: string;
  /** `trigger.pause`, `dead-letter.redrive`, ... */
  readonly what: string;
  /** What it was done to. */
  readonly on: string;
  readonly why: string;
}

export interface ActLine extends Act {
  /** 1 for the first line. */
  readonly index: number;
  /** Hash of the line before; of nothing, 64 zeros. */
  readonly previous: string;
  readonly hash: string;
}

export interface ChainProblem {
  /** Sequence in the stream; null for what is not there. */
  readonly sequence: number | null;
  readonly kind: 'unreadable' | 'changed' | 'missing' | 'cut-off';
  readonly message: string;
}

export interface ChainVerdict {
  readonly lines: number;
  /** Hash of the last line: noted elsewhere, it proves later that nothing before it was replaced. */
  readonly head: string;
  readonly problems: readonly ChainProblem[];
}

export interface OperatorLog {
  /** Resolves after the line is stored. Rejects with Conflict when others write faster than this one can, else as the log does. */
  append(act: Act): Promise<ActLine>;
  /** Oldest first; lines that cannot be read are left to `verify`. */
  read(): AsyncIterable<ActLine>;
  verify(): Promise<ChainVerdict>;
}

const NOTHING = '0'.repeat(64);
const MAX_CONFLICTS = 16;
const MAX_TEXT = 1_000;

export function createOperatorLog(
  log: Pick<EventLog, 'publish' | 'last' | 'read' | 'streamState'>,
  region: string,
): OperatorLog {
  const [stream, subject] = [actsStream(region), actsSubject(region)];
  return {
    append: async (act) => {
      for (let conflicts = 0; ; conflicts += 1) {
        const last = await log.last(stream, subject);
        const before = last === null ? null : decodeJson<ActLine>(last.data);
        const line = chained(act, (before?.index ?? 0) + 1, before?.hash ?? NOTHING);
        try {
          const expectLastSequence = last?.sequence ?? 0;
          await log.publish(subject, encodeJson(line), { expectStream: stream, expectLastSequence });
          return line;
        } catch (error) {
          if (!(error instanceof Conflict) || conflicts >= MAX_CONFLICTS) throw error;
        }
      }
    },
    read: async function* () {
      for await (const message of log.read({ stream })) {
        const line = lineOf(message);
        if (line !== null) yield line;
      }
    },
    verify: async () => {
      const { lastSequence } = await log.streamState(stream);
      return verifyChain(log.read({ stream }), lastSequence);
    },
  };
}

function chained({ at, by, what, on, why }: Act, index: number, previous: string): ActLine {
  const text = (value: string): string => value.slice(0, MAX_TEXT).toWellFormed();
  const line = { index, at, by: text(by), what: text(what), on: text(on), why: text(why), previous };
  return { ...line, hash: hashOf(line) };
}

/** The fields in this order, as JSON: whatever writes the same line gets the same hash. */
const hashOf = ({ index, at, by, what, on, why, previous }: Omit<ActLine, 'hash'>): string =>
  createHash('sha256')
    .update(JSON.stringify([index, at, by, what, on, why, previous]))
    .digest('hex');

function lineOf({ data }: StoredMessage): ActLine | null {
  try {
    const line = decodeJson<Partial<ActLine>>(data);
    const texts = [line.at, line.by, line.what, line.on, line.why, line.previous, line.hash];
    return Number.isInteger(line.index) && texts.every((text) => typeof text === 'string') ? (line as ActLine) : null;
  } catch {
    return null;
  }
}

/** `lastSequence`: the highest the stream has ever given out, which removing its last lines does not take back. */
async function verifyChain(messages: AsyncIterable<StoredMessage>, lastSequence: number): Promise<ChainVerdict> {
  const problems: ChainProblem[] = [];
  let [lines, head, index, seen] = [0, NOTHING, 0, 0];
  const note = (sequence: number | null, kind: ChainProblem['kind'], message: string): void => {
    problems.push({ sequence, kind, message });
  };
  for await (const message of messages) {
    const { sequence } = message;
    lines += 1;
    seen = sequence;
    const line = lineOf(message);
    if (line === null) {
      note(sequence, 'unreadable', `#${sequence} is no line of this log`);
      continue;
    }
    if (line.index !== index + 1)
      note(
        sequence,
        'missing',
        `#${sequence} is line ${line.index}, expected line ${index + 1}: lines are missing or out of order`,
      );
    else if (line.previous !== head)
      note(sequence, 'missing', `line ${line.index} does not follow the line before it: one of them was replaced`);
    if (hashOf(line) !== line.hash) note(sequence, 'changed', `line ${line.index} is not what was written`);
    index = line.index;
    head = line.hash;
  }
  if (lastSequence > seen)
    note(
      null,
      'cut-off',
      `the stream once held #${lastSequence}, its last line now is #${seen}: lines were removed from the end`,
    );
  return { lines, head, problems };
}
