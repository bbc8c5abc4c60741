/** Reads one TZif file (RFC 9636), version 2 or later: the transitions it lists and the rule for the time after them. */
import { CalendarError } from './calendar-error.ts';
import type { Transition } from './posix-rule.ts';

export interface ZoneRecord {
  /** Offset before the first transition, seconds east of UTC. */
  readonly first: number;
  readonly transitions: readonly Transition[];
  /** POSIX rule for what comes after the last transition; empty: the last offset stays. */
  readonly rule: string;
  /** Until when the record is to be trusted, seconds since 1970; Infinity with a rule. */
  readonly knownUntil: number;
}

const HEADER = 44;

/** Throws CalendarError `zone-data-broken` for anything truncated or malformed. */
export function parseTzif(bytes: Uint8Array): ZoneRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const old = header(view, 0);
    if (old.version < 2) throw new RangeError('version 1 has no 64-bit times');
    const begin = HEADER + old.times * 5 + old.types * 6 + old.chars + old.leaps * 8 + old.standards + old.universals;
    const { times, types, chars, leaps, standards, universals } = header(view, begin);
    if (types === 0) throw new RangeError('no local time type');
    const indexes = begin + HEADER + times * 8;
    const records = indexes + times;
    const offsets = Array.from({ length: types }, (_, index) => view.getInt32(records + index * 6));
    const offset = (index: number): number => {
      const found = offsets[index];
      if (found === undefined) throw new RangeError(`no local time type ${index}`);
      return found;
    };
    const transitions = Array.from({ length: times }, (_, index) => ({
      at: Number(view.getBigInt64(begin + HEADER + index * 8)),
      offset: offset(view.getUint8(indexes + index)),
    }));
    if (transitions.some(({ at }, index) => index > 0 && at <= (transitions[index - 1]?.at ?? at)))
      throw new RangeError('transitions out of order');
    const footer = records + types * 6 + chars + leaps * 12 + standards + universals;
    return { first: offset(0), transitions, rule: footerOf(bytes, footer), knownUntil: Infinity };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CalendarError('zone-data-broken', `not a complete TZif file: ${error.message}`);
  }
}

function header(view: DataView, at: number) {
  if (view.getUint32(at) !== 0x545a_6966) throw new RangeError('it does not begin with TZif');
  const count = (index: number): number => view.getUint32(at + 20 + index * 4);
  return {
    version: view.getUint8(at + 4) - 0x30,
    universals: count(0),
    standards: count(1),
    leaps: count(2),
    times: count(3),
    types: count(4),
    chars: count(5),
  };
}

/** Between two line breaks at the end of the file. */
function footerOf(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0x0a, at + 1);
  if (bytes[at] !== 0x0a || end < 0) throw new RangeError('no footer');
  return String.fromCharCode(...bytes.subarray(at + 1, end));
}
