/** A trigger process and a sweeper under failpoints, as a process of its own. Settings come as one JSON argument; calls are written on exit. */
import { writeFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { triggers } from '../../triggers/index.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { createSweeper } from '../../triggers/path/sweeper.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { regionPath } from '../../workers/region-path.ts';
import { heldLane, slowToStart, withDeliveryFailpoints, withFailpoints } from './failpoint.ts';
import type { FailpointSettings } from './failpoint-lab.ts';

export interface TriggerSettings {
  /** Without this file the normal lane is not pulled; and starts take long. Null: neither. */
  readonly busyUntil: string | null;
}

/** Later than any run here is too young to be stuck. */
const LATER_MS = 60_000;

const settings = JSON.parse(process.argv[2] ?? '{}') as FailpointSettings & TriggerSettings;
const { region, failpoints, busyUntil } = settings;
const calls = new Set<string>();
process.on('SIGTERM', () => {
  writeFileSync(settings.callsFile, JSON.stringify([...calls]));
  process.exit(0);
});

const connection = await Connection.connect({ address: settings.temporalAddress });
const client = new Client({ connection });
const plain = await connectLog({ servers: settings.natsUrl, name: 'failpoint' });
const lanes = busyUntil === null ? plain : heldLane(plain, busyUntil);
const log = withDeliveryFailpoints(lanes, failpoints, calls, { earlier: 4, maxNakMs: 200 });
const path = regionPath(region, withFailpoints('log', log, failpoints, calls));
const ports = {
  log: path.log,
  book: withFailpoints('book', path.book, failpoints, calls),
  ledger: withFailpoints('ledger', path.ledger, failpoints, calls),
  deadLetters: withFailpoints('deadLetters', path.deadLetters, failpoints, calls),
  attempts: withFailpoints('attempts', path.attempts, failpoints, calls),
  control: withFailpoints('control', path.control, failpoints, calls),
};
const engine = createEngine({ client, namespace: 'default' });
const logger = pino({ level: 'debug' }, pino.destination({ dest: settings.logFile, sync: true }));
createTriggerProcess({
  ...ports,
  region,
  regions: [region],
  engine: withFailpoints('engine', busyUntil === null ? engine : slowToStart(engine, calls), failpoints, calls),
  triggers,
  options: { reorderBoundMs: 1_000, maxInFlight: 16, ackWaitMs: 1_500 },
  instance: `failpoint/${process.pid}`,
  logger,
}).start();
createSweeper({
  region,
  runs: withFailpoints('runs', createRuns({ client, namespace: 'default' }), failpoints, calls),
  ledger: ports.ledger,
  book: ports.book,
  logger,
  everyMs: 500,
  windowMs: 3 * LATER_MS,
  now: () => Date.now() + LATER_MS,
}).start();
