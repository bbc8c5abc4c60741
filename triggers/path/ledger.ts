/**
 * The ledger on a JetStream stream: one subject per event, stored by compare-and-set on an empty subject, so the first record
 * wins without a read.
 */
import { Conflict } from '../nats/errors.ts';
import type { EventLog } from '../nats/port.ts';
import { keyToken, ledgerStream, ledgerSubject, routeToken, runSubject } from '../nats/subject.ts';
import type { EventRecord, LedgerRecord } from './disposition.ts';
import { decodeJson, encodeJson } from './json-bytes.ts';
import type { Ledger } from './ports.ts';
import { madeAnew, strangersTo } from './stream-identity.ts';

export function createLedger(
  log: Pick<EventLog, 'last' | 'next' | 'publish' | 'read' | 'streamState'>,
  region: string,
): Ledger {
  const stream = ledgerStream(region);
  const store = async (subject: string, record: LedgerRecord): Promise<'recorded' | 'already'> => {
    try {
      await log.publish(subject, encodeJson(record), { expectStream: stream, expectLastSequence: 0 });
      return 'recorded';
    } catch (error) {
      if (error instanceof Conflict) return 'already';
      throw error;
    }
  };
  return {
    find: async (identity, position) => {
      const stored = await log.last(stream, ledgerSubject(region, identity, position.sequence));
      return stored === null ? null : decodeJson<EventRecord>(stored.data);
    },
    record: (record) => store(ledgerSubject(region, identityOf(record.event), record.position.sequence), record),
    recordRun: (record) => store(`${runSubject(region, record.workflowId, record.runId)}.${record.outcome}`, record),
    read: ({ since, identity }) =>
      records(log, {
        stream,
        filter:
          identity === undefined
            ? `ledger.${routeToken(region)}.>`
            : `ledger.${routeToken(region)}.event.${keyToken(identity)}.>`,
        ...(since === undefined ? {} : { since }),
      }),
    probe: async () => {
      const { bytes, maxBytes } = await log.streamState(stream);
      if (maxBytes > 0 && bytes > maxBytes - RESERVE_BYTES) {
        throw new Error(
          `ledger ${stream} is full: ${bytes} of ${maxBytes} bytes; raise max_bytes or let records expire`,
        );
      }
      const strangers = await strangersTo(log, region);
      if (strangers.length > 0) {
        const { what, remedy } = madeAnew(region, strangers);
        throw new Error(`${what}; ${remedy}`);
      }
    },
  };
}

/** Room that must be left before anything new is started: the records of all events in flight. */
const RESERVE_BYTES = 16 * 1_048_576;

async function* records(
  log: Pick<EventLog, 'read'>,
  options: Parameters<EventLog['read']>[0],
): AsyncGenerator<LedgerRecord> {
  for await (const stored of log.read(options)) yield decodeJson<LedgerRecord>(stored.data);
}

/** What an event's record is filed under: its alert key, or its own id when it is its own episode. */
export const identityOf = (event: { readonly alertKey: string | null; readonly id: string }): string =>
  event.alertKey ?? event.id;
