/** What `tocsin doctor` examines, in the order in which it is told. */
import { configuration } from './configuration.ts';
import type { Examination } from './finding.ts';
import { host } from './host.ts';
import { nats } from './nats.ts';
import { schedules } from './schedules.ts';
import { temporal } from './temporal.ts';
import { versions } from './versions.ts';

export const examinations: readonly Examination[] = [configuration, host, nats, temporal, versions, schedules];
