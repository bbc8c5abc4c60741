/** Role `intake`: the configured senders' requests become events of one region. */
import { createSecureContext } from 'node:tls';
import { type Sender, type TlsOptions, createIntake } from '../../triggers/intake/intake.ts';
import type { StoredEvent } from '../../triggers/intake/accept.ts';
import { createQuarantine } from '../../triggers/intake/quarantine.ts';
import { createSeen } from '../../triggers/intake/seen.ts';
import { type SenderActivity, createSenderActivity } from '../../triggers/intake/sender-activity.ts';
import { triggers } from '../../triggers/index.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { GENERIC, createGeneric } from '../../triggers/sources/generic.ts';
import { sources } from '../../triggers/sources/index.ts';
import type { Source } from '../../triggers/sources/source.ts';
import { type Config, durationMs, readSecret } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import type { RoleContext } from './role-context.ts';
import { senderAuth } from './sender-auth.ts';
import { senderTimes } from './sender-times.ts';

export interface IntakeRoleOptions {
  readonly region: string;
  readonly log: EventLog;
  readonly onStored?: (stored: StoredEvent) => void;
}

const CLOSE_MS = 10_000;
const ACTIVITY_EVERY_MS = 3_000;
const CONFIRM_TIMEOUT_MS = 10_000;

/** Resolves with the address it listens on. */
export async function startIntakeRole(context: RoleContext, options: IntakeRoleOptions): Promise<string> {
  const { config, logger, lifecycle, metrics, health } = context;
  const { host, port, maxBodyBytes, bodyTimeout, maxConcurrent, tls } = config.intake;
  const activity = startActivity(context, options);
  const intake = createIntake({
    senders: config.intake.senders.map(toSender),
    log: options.log,
    region: options.region,
    knownTypes: new Set(triggers.map(({ on }) => on.type)),
    host,
    port,
    ...(tls === undefined ? {} : { tls: readTls(tls) }),
    limits: { maxBodyBytes, bodyTimeoutMs: durationMs(bodyTimeout), maxConcurrent },
    logger: logger.child({ part: 'intake' }),
    confirm,
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
  });
  const { url } = await intake.listen().catch((error: unknown) => {
    throw new CommandError(
      EXIT.refused,
      `the intake cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}. ` +
        'Stop what listens there, or choose another port with intake.port or TOCSIN_INTAKE_PORT.',
    );
  });
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

/** Rejects when a certificate or key cannot be read, or the two do not fit. */
export function readTls({ cert, key, clientCa }: NonNullable<Config['intake']['tls']>): TlsOptions {
  const tls = { cert: readSecret(cert), key: readSecret(key) };
  const ca = clientCa === undefined ? {} : { clientCa: readSecret(clientCa) };
  try {
    createSecureContext({ ...tls, ...(ca.clientCa === undefined ? {} : { ca: ca.clientCa }) });
  } catch (error) {
    throw new CommandError(
      EXIT.refused,
      `intake.tls: ${error instanceof Error ? error.message : String(error)}; expected PEM in ${cert} and ${key}, of one pair`,
      error,
    );
  }
  return { ...tls, ...ca };
}

/** The source has checked that the address is the sender's own; a redirect would lead elsewhere. */
async function confirm(url: string): Promise<void> {
  const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(CONFIRM_TIMEOUT_MS) });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`${new URL(url).host} answered ${response.status}`);
}

/** Rejects when the kind or its zone is unknown, a mapping is missing or out of place, or a secret is missing. */
export function toSender(sender: Config['intake']['senders'][number]): Sender {
  const { name, auth, quarantine = auth.kind === 'oidc' } = sender;
  return { name, source: sourceOf(sender), auth: senderAuth(auth), quarantine, times: senderTimes(sender) };
}

function sourceOf({ name, kind, mapping }: Config['intake']['senders'][number]): Source {
  if (kind === GENERIC && mapping !== undefined) return createGeneric(mapping);
  const source = sources.get(kind);
  if (source !== undefined && mapping === undefined) return source;
  if (source !== undefined)
    throw new CommandError(EXIT.refused, `sender ${name} has a mapping; only kind "${GENERIC}" takes one, not ${kind}`);
  if (kind === GENERIC)
    throw new CommandError(
      EXIT.refused,
      `sender ${name} has kind "${GENERIC}"; expected a mapping with key and status`,
    );
  throw new CommandError(
    EXIT.refused,
    `sender ${name} has kind ${JSON.stringify(kind)}; expected one of ${[...sources.keys(), GENERIC].join(', ')}`,
  );
}
