/** A timetable for machines: docs/timetable.md says what each field means. Instants are RFC 3339. */
import { instantText } from '../../activities/calendar/instant-text.ts';
import { localText } from '../windows/window-preview.ts';
import type { TimetablePlace } from './places.ts';
import type { TimetableReport } from './report.ts';
import type { TimedWave } from './timetable.ts';

export function timetableJson({ timetable, places, findings }: TimetableReport) {
  const { runbook, window, at, tzdb, needSeconds, soakSeconds, parallel, targets, waves, endsAt } = timetable;
  return {
    runbook,
    window,
    at: instantText(at),
    tzdb,
    estimates: { needSeconds, soakSeconds, parallel },
    targets,
    endsAt: utc(endsAt),
    regions: places.map(({ region, zone, changes }) => ({
      region,
      zone: zone.id,
      clockChanges: changes.map((change) => ({
        at: instantText(change.at),
        zone: change.zone,
        offsetBefore: change.before,
        offsetAfter: change.after,
      })),
    })),
    waves: waves.map((wave) => waveJson(wave, places)),
    findings,
  };
}

const waveJson = (wave: TimedWave, places: readonly TimetablePlace[]) => ({
  name: wave.name,
  turnAt: utc(wave.turnAt),
  beginsAt: utc(wave.beginsAt),
  endsAt: utc(wave.endsAt),
  soaksUntil: utc(wave.soaksUntil),
  mayFail: wave.mayFail,
  problem: wave.problem,
  targets: wave.targets.map(({ name, region, beginsAt, endsAt, why }) => {
    const zone = places.find((place) => place.region === region)?.zone;
    const local = (instant: number | null): string | null =>
      instant === null || zone === undefined ? null : localText(zone, instant);
    return {
      name,
      region,
      beginsAt: utc(beginsAt),
      endsAt: utc(endsAt),
      localBeginsAt: local(beginsAt),
      localEndsAt: local(endsAt),
      why,
    };
  }),
});

const utc = (instant: number | null): string | null => (instant === null ? null : instantText(instant));
