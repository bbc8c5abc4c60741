/** A notifier with the channels of the configuration. */
import type { Logger } from 'pino';
import { durationMs } from '../config.ts';
import type { Lifecycle } from '../lifecycle.ts';
import type { RoleContext } from '../roles/role-context.ts';
import { createChannel } from './create-channel.ts';
import { type Notifier, createNotifier } from './notifier.ts';

/** Notices that may wait for one channel. */
const QUEUE = 500;
const CLOSE_MS = 10_000;
/** What the lifecycle allows beyond the notifier's own bound. */
const GRACE_MS = 1_000;

/** Rejects with exit code 2 when a secret is missing. Whoever opens it says when it is closed. */
export function openNotifier({ config, metrics, instance }: RoleContext, logger: Logger): Notifier {
  const { channels, perMinute, dedup } = config.notify;
  return createNotifier({
    channels: channels.map((channel) => createChannel(channel, { instance, logger })),
    logger,
    onCounted: metrics.notices,
    limits: { perMinute, dedupMs: durationMs(dedup), queue: QUEUE },
  });
}

/** Closed before everything that was registered earlier. */
export const closeWithProcess = (lifecycle: Lifecycle, notifier: Notifier): void =>
  lifecycle.onClose('notifier', CLOSE_MS + GRACE_MS, () => notifier.close(CLOSE_MS));
