/** The ports of one region's path, all on one connection to its events log. */
import type { EventLog } from '../triggers/nats/port.ts';
import { createAttempts } from '../triggers/path/attempts.ts';
import { createBook } from '../triggers/path/book.ts';
import { type ControlStore, createControlStore } from '../triggers/path/control.ts';
import { createDeadLetters } from '../triggers/path/dead-letters.ts';
import { createLedger } from '../triggers/path/ledger.ts';
import type { Attempts, DeadLetters, EpisodeBook, Ledger } from '../triggers/path/ports.ts';

export interface RegionPath {
  readonly region: string;
  readonly log: EventLog;
  readonly book: EpisodeBook;
  readonly ledger: Ledger;
  readonly deadLetters: DeadLetters;
  readonly attempts: Attempts;
  readonly control: ControlStore;
}

export const regionPath = (region: string, log: EventLog): RegionPath => ({
  region,
  log,
  book: createBook(log, region),
  ledger: createLedger(log, region),
  deadLetters: createDeadLetters(log, region),
  attempts: createAttempts(log, region),
  control: createControlStore(log, region),
});
