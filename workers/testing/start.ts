/** How a test starts a run: by an alert that a trigger takes, or by hand with an input. */
import ms, { type StringValue } from 'ms';
import type { Trigger } from '../../triggers/define-trigger.ts';
import type { Alert } from '../../triggers/events/alert.ts';
import type { EventOf } from '../../triggers/events/cloud-event.ts';
import { evaluate } from '../../triggers/match/evaluate.ts';
import type { StartRequest } from '../../triggers/path/ports.ts';
import { startRequest } from '../../triggers/path/start-request.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import { APPROVAL_ALLOWANCE_MS } from '../../workflows/kit/run-context.ts';

export type Start<Runbook> =
  | {
      readonly given: EventOf<Alert>;
      /** Under approval when its mode is `approve`; else it acts. */
      readonly trigger: Trigger;
      readonly input?: never;
      readonly mode?: never;
    }
  | ByHand<InputOf<Runbook>>;

interface ByHand<Input> {
  readonly input: Input;
  /** Bound on the run; default 1 hour. A run of a trigger has the trigger's own. */
  readonly timeout?: StringValue;
  /** Default `auto`. A run of a trigger has the trigger's own. */
  readonly mode?: 'auto' | 'approve';
  readonly given?: never;
  readonly trigger?: never;
}

type InputOf<Runbook> = Runbook extends (input: infer Input) => Promise<unknown> ? Input : never;

/** @throws TypeError when the trigger does not take the alert, or would start another runbook */
export function startOf<Runbook>(name: string, number: number, start: Start<Runbook>, region: string): StartRequest {
  if (start.given === undefined) return byHand(name, number, start, region);
  const { given, trigger } = start;
  const evaluation = evaluate(trigger, given);
  if (evaluation.kind !== 'matched')
    throw new TypeError(`trigger ${trigger.id} does not take it: ${reasonOf(evaluation)}`);
  if (trigger.run !== name) throw new TypeError(`trigger ${trigger.id} runs ${trigger.run}, not ${name}`);
  const id = workflowId({
    stream: 'EVENTS_TEST',
    trigger: trigger.id,
    key: given.data.alertKey,
    generation: number,
    attempt: 1,
  });
  return startRequest(
    { ok: true, event: given, alert: given.data },
    { stream: 'EVENTS_TEST', sequence: 1, storedAt: Date.parse(given.data.time.received) },
    {
      trigger,
      workflowId: id,
      input: evaluation.input,
      service: evaluation.service,
      region: evaluation.region ?? region,
      generation: number,
      attempt: 1,
      mode: trigger.mode === 'approve' ? 'approve' : 'auto',
      lineage: null,
      late: false,
    },
  );
}

function byHand(
  name: string,
  number: number,
  { input, timeout = '1h', mode = 'auto' }: Pick<ByHand<unknown>, 'timeout' | 'mode'> & { readonly input: unknown },
  region: string,
): StartRequest {
  return {
    workflowId: `by-hand/${name}/${number}`,
    workflowType: name,
    input,
    context: {
      trigger: null,
      alertKey: null,
      generation: number,
      attempt: 1,
      event: null,
      region,
      service: null,
      severity: null,
      onResolved: 'cancel',
      labels: {},
      mode,
      // Nobody of the kit's people: each of them may approve it.
      startedBy: 'the test',
    },
    executionTimeoutMs: ms(timeout) + (mode === 'approve' ? APPROVAL_ALLOWANCE_MS : 0),
    summary: `${name} in a test`,
  };
}

const reasonOf = (evaluation: Exclude<ReturnType<typeof evaluate>, { kind: 'matched' }>): string =>
  evaluation.kind === 'filtered' ? evaluation.why : `${evaluation.reason}: ${evaluation.message}`;
