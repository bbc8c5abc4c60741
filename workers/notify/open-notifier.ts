/** A notifier with the channels of the configuration, closed by the lifecycle after everything that notifies. */
import type { Logger } from 'pino';
import { durationMs } from '../config.ts';
import type { RoleContext } from '../roles/role-context.ts';
import { createChannel } from './create-channel.ts';
import { type Notifier, createNotifier } from './notifier.ts';

/** Notices that may wait for one channel. */
const QUEUE = 500;
const CLOSE_MS = 10_000;
/** What the lifecycle allows beyond the notifier's own bound. */
const GRACE_MS = 1_000;

/** Rejects with exit code 2 when a secret is missing. */
export function openNotifier({ config, lifecycle, instance }: RoleContext, logger: Logger): Notifier {
  const { channels, perMinute, dedup } = config.notify;
  const notifier = createNotifier({
    channels: channels.map((channel) => createChannel(channel, { instance, logger })),
    logger,
    limits: { perMinute, dedupMs: durationMs(dedup), queue: QUEUE },
  });
  lifecycle.onClose('notifier', CLOSE_MS + GRACE_MS, () => notifier.close(CLOSE_MS));
  return notifier;
}
