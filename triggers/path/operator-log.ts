/**
 * Who did what: one line per act of an operator, each with the hash of the line before it, so that a line which was changed, taken out,
 * put in or moved shows. Lines are written by compare-and-set on the end of the chain: it cannot fork. Who can write to the server's
 * disk can make a whole new chain; against that, keep the head that `verify` tells somewhere else, and give it to the next one.
 */
import { createHash } from 'node:crypto';
import { parseJson } from '../events/json.ts';
import { Conflict } from '../nats/errors.ts';
import type { EventLog, StoredMessage } from '../nats/port.ts';
import { actStream, actSubject } from '../nats/subject.ts';
import { encodeJson } from './json-bytes.ts';
import { sha256Of } from '../events/sha256-of.ts';

export interface Act {
  /** Who, as the operator's machine says it. */
  readonly by: string;
  readonly what: string;
  /** What it was done to: `trigger restart-service`, `dead letter 12`. */
  readonly where: string;
  readonly why: string;
}

export interface ActLine extends Act {
  /** 1 for the first line of the region. */
  readonly number: number;
  /** RFC 3339, UTC, by the operator's machine. */
  readonly at: string;
  readonly previousHash: string;
  /** SHA-256 over everything else, hex. */
  readonly hash: string;
}

export interface Verification {
  readonly lines: number;
  /** `<number>:<hash>` of the last line; `0:<zeros>` when there is none. */
  readonly head: string;
  /** One sentence each; empty when the chain is whole. */
  readonly problems: readonly string[];
}

export interface OperatorLog {
  /** Before the act, so that none is without its line. Rejects when the line cannot be stored: then do not act. */
  append(act: Act): Promise<ActLine>;
  /** Oldest first; what is no line is left out (`verify` names it). */
  read(): AsyncIterable<ActLine>;
  /** `knownHead`: what an earlier verification told; the chain must still contain it. */
  verify(knownHead?: string): Promise<Verification>;
}

const NO_HASH = '0'.repeat(64);
const MAX_CONFLICTS = 16;
const MAX_TEXT = 1_000;

export function createOperatorLog(
  log: Pick<EventLog, 'last' | 'publish' | 'read' | 'streamState'>,
  region: string,
  now: () => number = Date.now,
): OperatorLog {
  const [stream, subject] = [actStream(region), actSubject(region)];
  return {
    append: async (act) => {
      for (let conflicts = 0; ; conflicts += 1) {
        const last = await log.last(stream, subject);
        const line = lineAfter(last, act, now());
        try {
          await log.publish(subject, encodeJson(line), {
            expectStream: stream,
            expectLastSequence: last?.sequence ?? 0,
          });
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
    verify: (knownHead) => verify(log, stream, knownHead),
  };
}

function lineAfter(last: StoredMessage | null, act: Act, at: number): ActLine {
  const before = last === null ? null : lineOf(last);
  const [by, what, where, why] = [act.by, act.what, act.where, act.why].map((text) => text.slice(0, MAX_TEXT)) as [
    string,
    string,
    string,
    string,
  ];
  const content = {
    number: (before?.number ?? 0) + 1,
    at: new Date(at).toISOString(),
    by,
    what,
    where,
    why,
    previousHash: last === null ? NO_HASH : hashOf(last),
  };
  return { ...content, hash: digest(content) };
}

/** Also of what is no line: it cannot be taken out unseen either. */
const hashOf = (message: StoredMessage): string => lineOf(message)?.hash ?? sha256Of(message.data);

const digest = ({ number, at, by, what, where, why, previousHash }: Omit<ActLine, 'hash'>): string =>
  createHash('sha256')
    .update(JSON.stringify([number, at, by, what, where, why, previousHash]))
    .digest('hex');

/** Null: it is none. */
export function lineOf({ data }: StoredMessage): ActLine | null {
  const parsed = parseJson(Buffer.from(data));
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null) return null;
  const line = parsed.value as unknown as ActLine;
  const texts = [line.at, line.by, line.what, line.where, line.why, line.previousHash, line.hash];
  return typeof line.number === 'number' && texts.every((text) => typeof text === 'string') ? line : null;
}

async function verify(
  log: Pick<EventLog, 'read' | 'streamState'>,
  stream: string,
  knownHead: string | undefined,
): Promise<Verification> {
  const { lastSequence } = await log.streamState(stream);
  const problems: string[] = [];
  let [lines, sequence, previousHash, head] = [0, 0, NO_HASH, `0:${NO_HASH}`];
  let known = knownHead === undefined || knownHead === head;
  for await (const message of log.read({ stream })) {
    if (message.sequence > sequence + 1) problems.push(missing(stream, sequence + 1, message.sequence - 1));
    sequence = message.sequence;
    const line = lineOf(message);
    const place = `${stream} #${sequence}`;
    if (line === null) {
      problems.push(`${place} is no line of the log`);
    } else {
      if (digest(line) !== line.hash) problems.push(`${place} was changed: its content does not fit its hash`);
      if (line.previousHash !== previousHash) problems.push(`${place} does not follow the line before it`);
      lines += 1;
      head = `${line.number}:${line.hash}`;
      known ||= head === knownHead;
    }
    previousHash = hashOf(message);
  }
  if (sequence < lastSequence) problems.push(missing(stream, sequence + 1, lastSequence));
  if (!known) problems.push(`${stream} does not contain the head ${knownHead ?? ''}: it was cut off or made anew`);
  return { lines, head, problems };
}

const missing = (stream: string, first: number, last: number): string =>
  `${stream} #${first}${last > first ? `-${last}` : ''} ${last > first ? 'are' : 'is'} missing`;
