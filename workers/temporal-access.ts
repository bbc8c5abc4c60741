/**
 * Whether Temporal still lets a running process in: a key or certificate may expire, a key be revoked or lose its rights at any time. What is wrong is
 * said once per change and by `/readyz`. A key in the profile is read anew with each look, so that another one is taken over without a restart.
 */
import type { Logger } from 'pino';
import { EngineUnavailable } from '../triggers/path/engine.ts';
import type { Engine } from '../triggers/path/ports.ts';
import { pause } from '../triggers/path/pause.ts';
import type { Health } from './health.ts';
import type { Lifecycle } from './lifecycle.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { RoleConnection } from './connect.ts';
import type { TemporalTarget } from './temporal-connection.ts';
import { certificateTrouble } from './temporal-certificate.ts';
import { type TemporalRefused, refusalOf } from './temporal-refusal.ts';
import type { Remedy } from './tls-problem.ts';
import { proveRights } from './temporal-rights.ts';

export interface TemporalAccess {
  /** As of the last look: what is wrong and what to do. Null: nothing, or the server has not said. */
  readonly refused: () => string | null;
  /** Looks now. Never rejects. */
  readonly look: () => Promise<void>;
}

interface Kept {
  readonly logger: Logger;
  readonly health: Pick<Health, 'addCheck'>;
  readonly lifecycle: Pick<Lifecycle, 'onClose'>;
}

const LOOK_EVERY_MS = 5_000;
const CALL_TIMEOUT_MS = 5_000;
/** Beyond the bounds of two calls. */
const CLOSE_MS = 11_000;
const PART = 'access to Temporal';

/** Looks until the process closes. The server that is brought along asks nobody for anything. */
export function keepAccess({ logger, health, lifecycle }: Kept, temporal: RoleConnection): TemporalAccess {
  if (!temporal.target.external) return { refused: () => null, look: () => Promise.resolve() };
  const access = createAccess(temporal, logger.child({ part: PART }));
  const stop = new AbortController();
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await pause(LOOK_EVERY_MS, stop.signal);
      if (!stop.signal.aborted) await access.look();
    }
  };
  const running = run();
  lifecycle.onClose(PART, CLOSE_MS, () => {
    stop.abort();
    return running;
  });
  health.addCheck(PART, () => access.refused() === null, access.refused);
  return access;
}

function createAccess(temporal: RoleConnection, logger: Logger): TemporalAccess {
  let current = temporal.target;
  let refused: string | null = null;
  let unreadable: string | null = null;
  let needsRestart: string | null = null;
  let ending: string | null = null;

  const readKey = async (): Promise<void> => {
    try {
      const read = temporal.settings();
      unreadable = null;
      const { apiKey } = read.connection;
      // None at all: the connection keeps the one it has.
      if (typeof apiKey !== 'string' || apiKey === current.connection.apiKey) {
        needsRestart = null;
        return;
      }
      const why = notOfThisConnection(current, read);
      if (why !== null && why !== needsRestart) logger.warn(why);
      needsRestart = why;
      if (why !== null) return;
      await temporal.connection.setApiKey(apiKey);
      const { keySetting = 'api_key in the profile' } = read;
      current = { ...current, keySetting, connection: { ...current.connection, apiKey } };
      logger.info('another API key was read from the profile, and is used from now on');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== unreadable) logger.warn({ err: error }, 'the API key cannot be read anew; the one before is used');
      unreadable = why;
    }
  };
  /** A key that is not known is refused in the same words as one that lacks a right: asked for what needs none, the server says which it is. */
  const unknownKey = async (): Promise<TemporalRefused | null> => {
    try {
      const { client } = temporal;
      await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => client.workflowService.getSystemInfo({}));
      return null;
    } catch (error) {
      return refusalOf(error, current, Date.now(), true);
    }
  };
  const judge = async (): Promise<void> => {
    try {
      await proveRights(temporal);
      if (refused !== null) logger.info('Temporal lets this process in again');
      refused = null;
    } catch (error) {
      const told = await whyOf(error);
      if (told === null) return;
      if (told !== refused) logger.error(told);
      refused = told;
    }
  };
  /** Null: it is away, which is told elsewhere and says nothing of what we show it. */
  const whyOf = async (error: unknown): Promise<string | null> => {
    const refusal = refusalOf(error, current);
    if (refusal !== null) return `${((await unknownKey()) ?? refusal).message} ${needsRestart ?? whenRead(current)}`;
    // A new connection with it is refused, which looks from here like a server that is away.
    const certificate = certificateTrouble(temporal, Date.now());
    return certificate?.ended === true ? inWords(certificate) : null;
  };
  const readCertificate = (): void => {
    const trouble = certificateTrouble(temporal, Date.now());
    const told = trouble === null ? null : inWords(trouble);
    if (told !== null && told !== ending) logger.warn(told);
    ending = told;
  };
  return {
    refused: () => refused,
    look: oneAtATime(async () => {
      await readKey();
      readCertificate();
      await judge();
    }),
  };
}

/** A key is for one server, and for a connection that was made to carry one: any other server must not learn it. Null: it is for this one. */
function notOfThisConnection(current: TemporalTarget, read: TemporalTarget): string | null {
  const [before, now] = [placeOf(current), placeOf(read)];
  if (before !== now)
    return `Temporal's address in the settings is now ${now}, and this process is connected to ${before}: the other API key is not taken over; restart to use it`;
  return current.connection.apiKey === undefined
    ? `the settings of Temporal have an API key now, and this process connected to ${before} without one: restart to use it`
    : null;
}

const inWords = ({ what, remedy }: Remedy): string => `${what}. ${remedy}.`;

const placeOf = ({ connection: { address = '', tls }, namespace }: TemporalTarget): string =>
  `${address} (namespace ${namespace}, ${tls ? 'with' : 'without'} TLS)`;

const whenRead = ({ keySetting }: TemporalTarget): string =>
  keySetting === 'TEMPORAL_API_KEY'
    ? 'The environment is read when a process starts: start this one again then (a key in the profile would be read anew).'
    : 'The profile is read anew every few seconds: no restart is needed.';

/** An engine that a process which is not let in does not count as reachable: a ping that may only read proves too little. */
export const letIn = (engine: Engine, { look, refused }: TemporalAccess): Engine => ({
  ...engine,
  ping: async () => {
    await engine.ping();
    await look();
    const why = refused();
    if (why !== null) throw new EngineUnavailable(why);
  },
});
