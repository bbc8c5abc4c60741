/** The notifier of a trigger process, as configuration wants it: what is stored, what is looked at, and the heartbeat. Closed by the lifecycle. */
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { durationMs } from '../config.ts';
import type { RoleConnection } from '../connect.ts';
import type { RoleContext } from '../roles/role-context.ts';
import { runLink, uiUrlOf } from '../run-link.ts';
import { temporalClockAheadMs } from '../temporal-clock.ts';
import { tzVersion } from '../tz-version.ts';
import { secretUrl } from './create-channel.ts';
import { createHeartbeat } from './heartbeat.ts';
import { certificateLook } from './looks/certificate.ts';
import { clockLook } from './looks/clock-skew.ts';
import { lagLook } from './looks/lag.ts';
import { readinessLook } from './looks/readiness.ts';
import { stoppedRunsLook } from './looks/stopped-runs.ts';
import { regionOf } from '../regions.ts';
import { zoneDataLook } from './looks/zone-data.ts';
import type { Notifier } from './notifier.ts';
import { closeWithProcess, openNotifier } from './open-notifier.ts';
import { startStoredNotices } from './stored-notices.ts';
import { type Look, createWatch } from './watch.ts';

export interface NotifierSources {
  readonly regions: readonly string[];
  readonly log: EventLog;
  readonly temporal: RoleConnection;
}

const CLOSE_MS = 10_000;
/** What the lifecycle allows beyond a part's own bound. */
const GRACE_MS = 1_000;

/** Rejects with exit code 2 when a secret is missing. */
export function startNotifier(context: RoleContext, sources: NotifierSources): Pick<Notifier, 'notify'> {
  const { config, lifecycle } = context;
  const { watch } = config.notify;
  const logger = context.logger.child({ part: 'notifier' });
  const notifier = openNotifier(context, logger);
  const uiUrl = uiUrlOf(config);
  for (const region of sources.regions) {
    const stored = startStoredNotices({
      region,
      log: sources.log,
      notifier,
      ackWaitMs: durationMs(config.trigger.ackWait),
      linkTo: ({ workflowId, runId }) =>
        uiUrl === null ? null : runLink(uiUrl, sources.temporal.namespace, workflowId, runId),
      logger,
    });
    // Before the notifier's, so that it is closed after it: what the notifier could still tell is acknowledged.
    lifecycle.onClose(`notices ${region}`, CLOSE_MS + GRACE_MS, () => stored.close(CLOSE_MS));
  }
  closeWithProcess(lifecycle, notifier);
  const looking = createWatch({
    looks: looksOf(context, sources),
    everyMs: durationMs(watch.every),
    notify: notifier.notify,
    logger,
  });
  lifecycle.onClose('watch of notices', GRACE_MS, () => looking.close());
  startHeartbeat(context, notifier);
  return notifier;
}

function looksOf(
  { config, metrics, health, instance }: RoleContext,
  { regions, log, temporal }: NotifierSources,
): Look[] {
  const { oldestEvent, clockSkew } = config.notify.watch;
  const maxSkewMs = durationMs(clockSkew);
  const stream = eventStream(regions[0] ?? '');
  const runs = createRuns(temporal);
  return [
    readinessLook({ health, instance }),
    certificateLook({ temporal, instance }),
    ...regions.map((region) => lagLook({ region, log, maxAgeMs: durationMs(oldestEvent) })),
    ...regions.map((region) => stoppedRunsLook({ region, runs })),
    clockLook({
      server: 'nats',
      measure: async () => (await log.serverState(stream)).clockAheadMs,
      maxSkewMs,
      onMeasured: (ms) => metrics.clockAhead('nats', ms),
    }),
    clockLook({
      server: 'temporal',
      measure: () => temporalClockAheadMs(temporal),
      maxSkewMs,
      onMeasured: (ms) => metrics.clockAhead('temporal', ms),
    }),
    zoneDataLook({
      temporal,
      queues: regions.map((region) => regionOf(config, region).queue),
      own: tzVersion(),
    }),
  ];
}

/** The switch outside tells that we are dead; that it cannot be reached is for us to tell. */
function startHeartbeat({ config, lifecycle, health, logger, instance }: RoleContext, notifier: Notifier): void {
  const { heartbeat } = config.notify;
  if (heartbeat === undefined) return;
  const beats = createHeartbeat({
    url: secretUrl(heartbeat.url),
    everyMs: durationMs(heartbeat.every),
    healthy: async () => (await health.readiness()).ready,
    logger: logger.child({ part: 'notifier' }),
    onSilent: (why) =>
      notifier.notify({
        key: `heartbeat/${instance}`,
        severity: 'warning',
        title: `no heartbeat of ${instance}`,
        text: `reason: ${why}\nThe dead man's switch outside will alarm, or cannot be reached.`,
        link: null,
        at: Date.now(),
      }),
  });
  lifecycle.onClose('heartbeat', GRACE_MS, () => beats.close());
}
