/** A run tells that no worker took a step of a region. Handed over, not awaited, as every notice of a run. */
import { Context } from '@temporalio/activity';
import type { Tell } from './tell.ts';

export interface NoWorker {
  /** Whose workers did not take it. */
  readonly region: string;
  /** The region that the step is meant for. */
  readonly meantFor: string;
  /** The step. */
  readonly title: string;
  /** What the run does now, in words. */
  readonly next: string;
  /** Whether people are to decide, rather than only to know. */
  readonly asks: boolean;
}

/** `count`: called once for each step and region. */
export const createNoWorkerTelling = (tell: Tell, count: (region: string) => void = () => undefined) => ({
  /** May run twice: the notifier recognises what it was told before. */
  tellNoWorker: async ({ region, meantFor, title, next, asks }: NoWorker): Promise<void> => {
    count(region);
    const { workflowExecution, workflowNamespace, workflowType } = Context.current().info;
    tell(
      {
        about: `no-worker/${region}`,
        severity: asks ? 'critical' : 'warning',
        title: `no worker in region ${region}`,
        text: `The step "${title}" of region ${meantFor} ${next}.\nStart a worker (tocsin worker --region ${region})${asks ? ', answer what the run asks, or cancel it' : ''}.`,
      },
      {
        workflowId: workflowExecution?.workflowId ?? '',
        runId: workflowExecution?.runId ?? '',
        namespace: workflowNamespace ?? '',
        runbook: workflowType ?? '',
      },
    );
  },
});
