/** The notifier of a trigger process, as configuration wants it, with its heartbeat; closed by the lifecycle after everything that notifies. */
import type { EventRecord, RunRecord } from '../../triggers/path/disposition.ts';
import { durationMs } from '../config.ts';
import type { RoleContext } from '../roles/role-context.ts';
import { runLink, uiUrlOf } from '../run-link.ts';
import { secretUrl } from './create-channel.ts';
import { createHeartbeat } from './heartbeat.ts';
import { openNotifier } from './open-notifier.ts';
import { deadLetterNotices, failedRunNotice } from './run-notices.ts';

export interface TriggerNotices {
  runFailed(region: string, record: RunRecord): void;
  recorded(region: string, record: EventRecord): void;
}

/** Bound on stopping the heartbeat. */
const GRACE_MS = 1_000;

/** `namespace`: of the runs. Rejects with exit code 2 when a secret is missing. */
export function startNotifier(context: RoleContext, namespace: string): TriggerNotices {
  const { config, lifecycle, health } = context;
  const { heartbeat } = config.notify;
  const logger = context.logger.child({ part: 'notifier' });
  const notifier = openNotifier(context, logger);
  if (heartbeat !== undefined) {
    const beats = createHeartbeat({
      url: secretUrl(heartbeat.url),
      everyMs: durationMs(heartbeat.every),
      healthy: async () => (await health.readiness()).ready,
      logger,
    });
    lifecycle.onClose('heartbeat', GRACE_MS, () => beats.close());
  }
  const uiUrl = uiUrlOf(config);
  return {
    runFailed: (region, record) => {
      const link = uiUrl === null ? null : runLink(uiUrl, namespace, record.workflowId, record.runId);
      notifier.notify(failedRunNotice(region, record, link));
    },
    recorded: (region, record) => {
      for (const notice of deadLetterNotices(region, record)) notifier.notify(notice);
    },
  };
}
