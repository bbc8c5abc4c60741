/** What a schedule starts at one of its instants: it publishes one event, and triggers decide about it as about any other. */
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { ApplicationFailure, proxyActivities, setWorkflowOptions, sleep, workflowInfo } from '@temporalio/workflow';
import { alwaysUpgraded } from './always-upgraded.ts';
import { jitterOf } from './schedule-jitter.ts';
import type { ScheduleNames } from '../../triggers/schedules/schedule-names.ts';

/** On the queue of the runbooks; may run twice, because both copies of the event have one id. */
export interface ScheduleActivities {
  publishSchedule(input: {
    readonly names: ScheduleNames;
    /** The instant, seconds since 1970. */
    readonly due: number;
  }): Promise<{ readonly id: string; readonly sequence: number }>;
}

const SCHEDULED = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/** The events log may be away for as long as the run may take. */
const { publishSchedule } = proxyActivities<ScheduleActivities>({
  startToCloseTimeout: 30_000,
  retry: { initialInterval: 1_000, backoffCoefficient: 2, maximumInterval: 60_000 },
});

export async function scheduleFired(names: ScheduleNames): Promise<{ readonly id: string; readonly sequence: number }> {
  const scheduled = workflowInfo().typedSearchAttributes.get(SCHEDULED);
  if (scheduled === undefined)
    throw ApplicationFailure.create({
      type: 'NotScheduled',
      message: `${names.schedule} was not started by its schedule; use \`tocsin schedule backfill\` for instants of the past`,
      nonRetryable: true,
    });
  const due = Math.floor(scheduled.getTime() / 1_000);
  if (names.jitterSeconds > 0) await sleep(jitterOf(names.schedule, due, names.jitterSeconds));
  return publishSchedule({ names, due });
}

// An instant must not wait for workers that have been taken away.
setWorkflowOptions(alwaysUpgraded, scheduleFired);
