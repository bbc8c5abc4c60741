/**
 * Workflow interceptors: every log line of a run and of its steps names the event, the trigger and the region it is about. Steps learn them
 * by a header, because a worker of activities does not see why a run exists. Costs no event of the history.
 */
import {
  type Next,
  type WorkflowInterceptors,
  type WorkflowOutboundCallsInterceptor,
  workflowInfo,
} from '@temporalio/workflow';
import { defaultPayloadConverter } from '@temporalio/common';
import { LOG_HEADER, type LogAttributes, type RunContext } from '../kit/run-context.ts';

export const interceptors = (): WorkflowInterceptors => ({ outbound: [new LogAttributesInterceptor()] });

class LogAttributesInterceptor implements WorkflowOutboundCallsInterceptor {
  getLogAttributes(
    input: Record<string, unknown>,
    next: Next<WorkflowOutboundCallsInterceptor, 'getLogAttributes'>,
  ): Record<string, unknown> {
    return next({ ...input, ...attributes() });
  }

  scheduleActivity(
    input: Parameters<NonNullable<WorkflowOutboundCallsInterceptor['scheduleActivity']>>[0],
    next: Next<WorkflowOutboundCallsInterceptor, 'scheduleActivity'>,
  ): Promise<unknown> {
    const known = attributes();
    if (known === undefined) return next(input);
    const payload = defaultPayloadConverter.toPayload(known);
    return next({ ...input, headers: { ...input.headers, [LOG_HEADER]: payload } });
  }
}

function attributes(): LogAttributes | undefined {
  const context = workflowInfo().memo?.['tocsin'] as RunContext | undefined;
  if (context === undefined) return undefined;
  return { eventId: context.event?.id ?? null, trigger: context.trigger, region: context.region };
}
