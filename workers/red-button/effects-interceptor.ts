/**
 * Stands around every activity of a worker: one that only looks passes; every other is an effect, and is refused before anything happens
 * while the red button covers it. The refusal is no failure of the step: the run waits and tries again.
 */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure, type Headers, defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { withGuard } from '../../activities/effects.ts';
import { isLook } from '../../activities/look.ts';
import { type Facts, type Stop, describeStop, factsOf } from '../../triggers/path/stop.ts';
import { EFFECTS_STOPPED, RUN_HEADER } from '../../workflows/kit/run-context.ts';
import type { RunHeader } from '../../workflows/kit/run-header.ts';
import type { EffectGate } from './effect-gate.ts';

export interface EffectsOptions {
  /** Region of this worker. */
  readonly region: string;
  readonly activities: object;
  readonly gate: EffectGate;
}

export function effectsInterceptor({ region, activities, gate }: EffectsOptions): ActivityInterceptorsFactory {
  const looks = new Set(
    Object.entries(activities).flatMap(([name, activity]) => (isLook(activity as object) ? [name] : [])),
  );
  return ({ info }) => ({
    inbound: {
      execute: (input, next) => {
        if (looks.has(info.activityType)) return next(input);
        const run = runOf(input.headers);
        const regions = [...new Set([region, run?.meantFor ?? region])];
        const facts = effectFacts(info, run, regions, input.args);
        let began = false;
        const allowed = async (): Promise<void> => {
          const stop = await gate.stoppedBy(regions, facts);
          if (stop !== null) throw refusal(stop, info.attempt, info.attempt === 1 && !began);
        };
        const lineage = {
          causedby: info.workflowExecution?.workflowId ?? '',
          causedepth: (run?.depth ?? 0) + 1,
        };
        return withGuard({ allowed, lineage }, async () => {
          await allowed();
          began = true;
          return next(input);
        });
      },
    },
  });
}

/** `attempt`: an earlier one may have acted, and be still at work. `untouched`: no attempt of this call has begun. */
const refusal = (stop: Stop, attempt: number, untouched: boolean): ApplicationFailure =>
  ApplicationFailure.create({
    type: EFFECTS_STOPPED,
    message: describeStop(stop),
    nonRetryable: true,
    details: [stop, Date.now(), attempt, untouched],
  });

/** Null for a run of code that sends no header: nothing is known of it then. */
function runOf(headers: Headers): RunHeader | null {
  const payload = headers[RUN_HEADER];
  if (payload === undefined) return null;
  try {
    return defaultPayloadConverter.fromPayload<RunHeader>(payload);
  } catch {
    // Written by somebody else: as good as none.
    return null;
  }
}

/** What the run is about, and what this very effect is about: a run for one service may act on another, in another region. */
function effectFacts(
  { workflowType }: Context['info'],
  run: RunHeader | null,
  regions: readonly string[],
  args: readonly unknown[],
): Facts {
  const runbook = workflowType ?? '';
  const known: Facts =
    run === null
      ? { values: { runbook: [runbook], region: regions }, labels: null }
      : factsOf({ ...run, runbook, labels: run.labels });
  const values: Record<string, readonly string[]> = { ...known.values };
  const places = regions.map((region) => ['region', region] as const);
  for (const [name, value] of [...places, ...named(args[0])]) values[name] = [...(values[name] ?? []), value];
  return { values, labels: known.labels };
}

/** Texts of the effect's own input by name; its service or host counts as a target. */
function named(input: unknown): (readonly [string, string])[] {
  if (typeof input !== 'object' || input === null) return [];
  return Object.entries(input).flatMap(([name, value]) => {
    if (typeof value !== 'string') return [];
    return name === 'service' || name === 'host'
      ? [[name, value] as const, ['target', value] as const]
      : [[name, value] as const];
  });
}
