/**
 * A trigger process of its own, to be run under a clock that is wrong: one trigger whose window is always open, however old an event seems.
 * `argv`: NATS, Temporal, region. Prints a line when it pulls.
 */
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';
import { zoneDataSource } from '../../activities/calendar/zone-data.ts';
import { createWindows } from '../../activities/windows/windows.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { createClockWatch } from '../../triggers/path/clock-watch.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { createTriggerProcess } from '../../triggers/path/trigger-process.ts';
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import { regionPath } from '../../workers/region-path.ts';

const [natsUrl = '', address = '', region = ''] = process.argv.slice(2);
const logger = pino({ level: 'silent' });
const client = new Client({ connection: await Connection.connect({ address }) });
const log = await connectLog({ servers: natsUrl, name: 'clock' });
const always = { always: { times: ['00:00-24:00'], zone: 'America/Vancouver' } };
const clock = createClockWatch({
  log,
  stream: eventStream(region),
  windows: createWindows({ windows: always }, zoneDataSource(), () => undefined),
  logger,
});
await clock.start();
createTriggerProcess({
  ...regionPath(region, log),
  regions: [region],
  engine: createEngine({ client, namespace: 'default' }),
  triggers: [{ ...restartServiceTrigger, during: 'always', whenLate: 'run' }],
  windows: clock.windows,
  options: { reorderBoundMs: 0, maxInFlight: 16, ackWaitMs: 30_000 },
  instance: 'clock',
  logger,
}).start();
console.log('pulling');
