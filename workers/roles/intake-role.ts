/** Role `intake`: the configured senders' requests become events of one region. */
import { createIntake } from '../../triggers/intake/intake.ts';
import type { StoredEvent } from '../../triggers/intake/accept.ts';
import { createQuarantine } from '../../triggers/intake/quarantine.ts';
import { createSeen } from '../../triggers/intake/seen.ts';
import { type SenderActivity, createSenderActivity } from '../../triggers/intake/sender-activity.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { createComparedClock } from '../../triggers/path/compared-clock.ts';
import { cannotListen } from '../cannot-listen.ts';
import { durationMs } from '../config.ts';
import { project } from '../project.ts';
import type { RoleContext } from './role-context.ts';
import { readTls, toSender } from './configured-sender.ts';

export interface IntakeRoleOptions {
  readonly region: string;
  readonly log: EventLog;
  readonly onStored?: (stored: StoredEvent) => void;
}

const CLOSE_MS = 10_000;
const ACTIVITY_EVERY_MS = 3_000;
const CONFIRM_TIMEOUT_MS = 10_000;

/** Resolves with the address it listens on; its clock has been compared with its region's NATS server first. */
export async function startIntakeRole(context: RoleContext, options: IntakeRoleOptions): Promise<string> {
  const { config, logger, lifecycle, metrics, health } = context;
  const { host, port, maxBodyBytes, bodyTimeout, maxConcurrent, tls } = config.intake;
  const activity = startActivity(context, options);
  // By a clock that is days behind, every alert would be of the future and refused for good.
  const clock = createComparedClock({
    log: options.log,
    stream: eventStream(options.region),
    logger: logger.child({ part: 'intake' }),
    consequence: 'requests are judged by the clock of the NATS server',
  });
  await clock.start();
  lifecycle.onClose('clock of the intake', CLOSE_MS, () => clock.close());
  const intake = createIntake({
    senders: config.intake.senders.map(toSender),
    log: options.log,
    region: options.region,
    knownTypes: new Set(project.triggers.map(({ on }) => on.type)),
    host,
    port,
    ...(tls === undefined ? {} : { tls: readTls(tls) }),
    limits: { maxBodyBytes, bodyTimeoutMs: durationMs(bodyTimeout), maxConcurrent },
    logger: logger.child({ part: 'intake' }),
    confirm,
    now: clock.now,
    latest: clock.latest,
    earliest: clock.earliest,
    clockDoubt: clock.doubt,
    seen: createSeen(options.log, options.region),
    quarantine: createQuarantine(options.log, options.region, context.instance),
    onStored: (stored) => {
      metrics.accepted(stored.sender, 1);
      activity.note(stored.sender, { kind: 'accepted' });
      options.onStored?.(stored);
    },
    onRejected: (sender, reason) => {
      metrics.rejected(sender, reason);
      activity.note(sender, { kind: reason === 'not-authenticated' ? 'unauthenticated' : 'rejected', reason });
    },
    onComeAgain: (sender, reason) => activity.note(sender, { kind: 'comeAgain', reason }),
    onMissing: (sender, alerts) => metrics.missing(sender, alerts),
  });
  const { url } = await intake
    .listen()
    .catch(cannotListen('the intake', { host, port }, 'intake.port or TOCSIN_INTAKE_PORT'));
  lifecycle.onClose('intake', CLOSE_MS, () => intake.close());
  health.addCheck('intake', async () => {
    await options.log.ping();
    return true;
  });
  return url;
}

function startActivity({ lifecycle, logger }: RoleContext, { log, region }: IntakeRoleOptions): SenderActivity {
  const activity = createSenderActivity(log, region);
  // Counts wait for the log to be back; that it is away is told elsewhere.
  const flush = () => activity.flush().catch((error: unknown) => logger.debug({ err: error }, 'activity not written'));
  const timer = setInterval(() => void flush(), ACTIVITY_EVERY_MS);
  lifecycle.onClose('activity of senders', CLOSE_MS, async () => {
    clearInterval(timer);
    await flush();
  });
  return activity;
}

/** The source has checked that the address is the sender's own; a redirect would lead elsewhere. */
async function confirm(url: string): Promise<void> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(CONFIRM_TIMEOUT_MS) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
}
