/**
 * When each target of a rollout will be treated, as far as that can be told in advance: the waves are planned and the windows are asked by the
 * code that a run uses, from one instant on. What a target takes is its `needMs`, an estimate; a run asks again at each wave. Pure.
 */
import type { Windows } from '../../activities/windows/windows.ts';
import { type Rollout, type Wave, WAVE_TIMEOUT_MS, mayFail } from '../../workflows/kit/rollout-plan.ts';
import { windowName } from '../../workflows/kit/window-message.ts';
import { HORIZON } from '../../activities/calendar/next-opening.ts';

/** Instants are seconds since 1970, UTC. */
export interface Timetable {
  readonly runbook: string;
  /** Name of the window. */
  readonly window: string;
  /** From when it is told. */
  readonly at: number;
  /** Release of the zone data. */
  readonly tzdb: string;
  readonly needSeconds: number;
  readonly soakSeconds: number;
  readonly parallel: number;
  readonly targets: number;
  readonly waves: readonly TimedWave[];
  /** When the last soak is over; null: a wave cannot run. */
  readonly endsAt: number | null;
}

export interface TimedWave {
  readonly name: string;
  /** When its turn comes: from then on it waits for its windows. Null: it is not reached. */
  readonly turnAt: number | null;
  /** When its first target begins and its last one has ended; null: none can. */
  readonly beginsAt: number | null;
  readonly endsAt: number | null;
  /** When the next wave's turn comes. */
  readonly soaksUntil: number | null;
  readonly mayFail: number;
  readonly targets: readonly TimedTarget[];
  /** Why it cannot run as declared; null: it can. */
  readonly problem: string | null;
}

export interface TimedTarget {
  readonly name: string;
  readonly region: string;
  /** Null: it cannot, or its wave is not reached. */
  readonly beginsAt: number | null;
  readonly endsAt: number | null;
  /** Why it cannot begin; null: it can, or its wave is not reached. */
  readonly why: string | null;
}

export interface TimetableQuestion {
  readonly runbook: string;
  readonly rollout: Rollout;
  /** As a run would plan them at this instant. */
  readonly waves: readonly Wave[];
  readonly windows: Pick<Windows, 'at'>;
  /** Seconds since 1970. */
  readonly at: number;
}

export function timetableOf({ runbook, rollout, waves: planned, windows, at }: TimetableQuestion): Timetable {
  let tzdb = 'unknown';
  const ask: Ask = (region, from) => {
    const answer = windows.at(rollout.window, region, from * 1_000, rollout.needMs);
    tzdb = answer.tz;
    return answer;
  };
  const total = planned.reduce((sum, { targets }) => sum + targets.length, 0);
  const waves = timed(planned, { rollout, at, total, ask });
  return {
    runbook,
    window: windowName(rollout.window),
    at,
    tzdb,
    needSeconds: seconds(rollout.needMs),
    soakSeconds: seconds(rollout.soakMs),
    parallel: rollout.parallel,
    targets: total,
    waves,
    endsAt: waves.some(({ problem }) => problem !== null) ? null : (waves.at(-1)?.soaksUntil ?? at),
  };
}

type Answer = ReturnType<Windows['at']>;
type Ask = (region: string, from: number) => Answer;

interface Walk {
  readonly rollout: Rollout;
  readonly at: number;
  readonly total: number;
  readonly ask: Ask;
}

/** One after another; a target that can never begin counts as failed, as it will in the run. */
function timed(waves: readonly Wave[], walk: Walk): readonly TimedWave[] {
  const allowed = mayFail(walk.rollout.errorBudget.rollout, walk.total);
  let [turnAt, failed]: [number, number] = [walk.at, 0];
  let stoppedBy: string | null = null;
  return waves.map((wave) => {
    if (stoppedBy !== null) return notReached(wave, `not reached: wave ${stoppedBy} cannot run as declared`);
    const done = timeWave(wave, turnAt, walk);
    const lost = done.targets.filter(({ beginsAt }) => beginsAt === null).length;
    failed += lost;
    if (lost > wave.mayFail || failed > allowed || isTooLong(done, walk.rollout)) stoppedBy = wave.name;
    turnAt = done.soaksUntil ?? turnAt;
    return done;
  });
}

function timeWave({ name, targets, mayFail: allowed }: Wave, turnAt: number, { rollout, at, ask }: Walk): TimedWave {
  const free = Array.from({ length: rollout.parallel }, () => turnAt);
  const timedTargets = targets.map(({ name: target, region }): TimedTarget => {
    const place = free.indexOf(Math.min(...free));
    const from = free[place] ?? turnAt;
    const { beginsAt, why } = begin(ask(region, from), from, at + HORIZON);
    const endsAt = beginsAt === null ? null : beginsAt + seconds(rollout.needMs);
    if (endsAt !== null) free[place] = endsAt;
    return { name: target, region, beginsAt, endsAt, why };
  });
  const begins = timedTargets.flatMap(({ beginsAt }) => beginsAt ?? []);
  const endsAt = begins.length === 0 ? null : Math.max(...timedTargets.flatMap((each) => each.endsAt ?? []));
  const wave = {
    name,
    turnAt,
    beginsAt: begins.length === 0 ? null : Math.min(...begins),
    endsAt,
    soaksUntil: endsAt === null ? null : endsAt + seconds(rollout.soakMs),
    mayFail: allowed,
    targets: timedTargets,
  };
  return { ...wave, problem: problemOf(wave, rollout) };
}

function begin(answer: Answer, from: number, horizon: number): Pick<TimedTarget, 'beginsAt' | 'why'> {
  const beginsAt = answer.open ? from : answer.opensAt === null ? null : answer.opensAt / 1_000;
  if (beginsAt === null) return { beginsAt, why: answer.why };
  // Whoever plans further ahead than the calendar knows deceives himself.
  return beginsAt <= horizon ? { beginsAt, why: null } : { beginsAt: null, why: 'its turn comes after 400 days' };
}

type Unjudged = Omit<TimedWave, 'problem'>;

function problemOf(wave: Unjudged, rollout: Rollout): string | null {
  const lost = wave.targets.filter(({ beginsAt }) => beginsAt === null);
  const [first] = lost;
  if (first !== undefined) {
    const those = lost.length === 1 ? `target ${first.name}` : `${lost.length} of ${wave.targets.length} targets`;
    return `${those} can never begin: ${first.region}: ${first.why ?? ''}`;
  }
  if (!isTooLong(wave, rollout)) return null;
  return `it takes longer than a wave may (${hours(boundOf(rollout))} h from its turn): a run would stop it`;
}

const isTooLong = ({ turnAt, soaksUntil }: Unjudged, rollout: Rollout): boolean =>
  turnAt !== null && soaksUntil !== null && soaksUntil - turnAt > boundOf(rollout);

const boundOf = ({ waveTimeoutMs = WAVE_TIMEOUT_MS }: Rollout): number => seconds(waveTimeoutMs);

const notReached = ({ name, targets, mayFail: allowed }: Wave, problem: string): TimedWave => ({
  name,
  turnAt: null,
  beginsAt: null,
  endsAt: null,
  soaksUntil: null,
  mayFail: allowed,
  targets: targets.map((each) => ({ name: each.name, region: each.region, beginsAt: null, endsAt: null, why: null })),
  problem,
});

const seconds = (ms: number): number => Math.ceil(ms / 1_000);

const hours = (length: number): number => Math.round(length / 360) / 10;
