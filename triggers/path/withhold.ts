/**
 * What keeps a trigger from starting a run that it has decided on: a pause, the red button, its mode, the hour, a loop. Pure. A start that was decided
 * before is carried out whatever has been changed since: its record may be all that is missing.
 */
import type { Lineage } from '../../workflows/kit/run-context.ts';
import type { Trigger } from '../define-trigger.ts';
import { type Control, controlOf } from './control.ts';
import type { Disposition, HeldReason } from './disposition.ts';
import { type WindowNow, outsideHours } from './during.ts';
import { describeLoop, isLoop } from './loop.ts';
import { describeStop, factsOf, stopFor } from './stop.ts';

export interface Withholding {
  readonly control: Control;
  readonly trigger: Trigger;
  readonly workflowId: string;
  readonly service: string | null;
  /** Where it would act. */
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly lineage: Lineage | null;
  readonly windowNow: WindowNow;
  /** Why it was parked earlier in this episode; null when it was not. */
  readonly parked: string | null;
  /** An operator put the event back, and has seen why it was parked. */
  readonly released: boolean;
}

type Held = Extract<Disposition, { kind: 'held' }>;

/** Null: nothing does. */
export function withhold(given: Withholding): Disposition | null {
  const { control, trigger, workflowId, labels, service, region } = given;
  const { mode, paused } = controlOf(control, trigger);
  const would = `would run ${trigger.run} as ${workflowId}`;
  const held = (reason: HeldReason, detail: string): Held => ({ trigger: trigger.id, kind: 'held', reason, detail });
  if (paused === 'hold') return held('paused', would);
  if (paused === 'ignore') return { trigger: trigger.id, kind: 'ignored', reason: 'paused', detail: would };
  const facts = factsOf({ trigger: trigger.id, runbook: trigger.run, service, region, labels });
  const stop = stopFor(control.stops, facts);
  if (stop !== null)
    return { ...held('stopped', `${would}; ${describeStop(stop)}`), stop: { scope: stop.scope, at: stop.at } };
  if (mode === 'observe') return { trigger: trigger.id, kind: 'ignored', reason: 'observed', detail: would };
  const closed = outsideHours(trigger, region, would, given.windowNow);
  if (closed !== null) return closed;
  if (given.released) return null;
  if (given.parked !== null) return held('loop', given.parked);
  return isLoop(given.lineage) ? held('loop', `${would}; ${describeLoop(given.lineage)}`) : null;
}
