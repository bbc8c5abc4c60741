/**
 * Sends along with every activity what its worker has to know of the run, so that a stop of a service, a region or a label can be kept
 * where effects happen. A header of the activity: it costs no event of the history.
 */
import { defaultPayloadConverter } from '@temporalio/common';
import { type WorkflowInterceptors, workflowInfo } from '@temporalio/workflow';
import { meantFor } from './meant-for.ts';
import { RUN_HEADER, type RunContext } from './run-context.ts';

export interface RunHeader extends Pick<RunContext, 'trigger' | 'service' | 'region'> {
  /** Null: not known. */
  readonly labels: Readonly<Record<string, string>> | null;
  /** How many runs are behind this one. */
  readonly depth: number;
  /** The region that the step is meant for; absent: the worker's own. */
  readonly meantFor?: string;
}

/** Loaded by name into the workflow bundle. */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        const header = headerOfThisRun();
        if (header === null) return next(input);
        const payload = defaultPayloadConverter.toPayload(header);
        return next({ ...input, headers: { ...input.headers, [RUN_HEADER]: payload } });
      },
    },
  ],
});

function headerOfThisRun(): RunHeader | null {
  const context = workflowInfo().memo?.['tocsin'] as RunContext | undefined;
  if (context === undefined) return null;
  const { trigger, service, region, labels = null, lineage } = context;
  const meant = meantFor.getStore();
  return {
    trigger,
    service,
    region,
    labels,
    depth: lineage?.depth ?? 0,
    ...(meant === undefined ? {} : { meantFor: meant }),
  };
}
