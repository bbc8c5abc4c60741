/**
 * Temporal is there and does not let us in, or not do this: what is wrong and what to change. Waiting mends none of it, so it is never taken for a
 * server that is away. The server itself only says "Request unauthorized."; the rest is told from what we showed it.
 */
import type { ConnectionOptions } from '@temporalio/client';
import { grpcStatusOf } from '../triggers/path/grpc-status.ts';
import { CommandError, EXIT } from './exit-code.ts';
import { type Remedy, tlsProblem } from './tls-problem.ts';

export class TemporalRefused extends CommandError implements Remedy {
  readonly what: string;
  readonly remedy: string;

  constructor({ what, remedy }: Remedy, cause: unknown) {
    super(EXIT.refused, `${what}. ${remedy}.`, cause);
    this.what = what;
    this.remedy = remedy;
  }
}

interface Target {
  readonly connection: ConnectionOptions;
  readonly namespace: string;
  /** Where the key is set. */
  readonly keySetting?: string;
}

/** Of a call on a connection that stands. `unknown`: it needs no rights at all. Null when it failed for another reason. */
export function refusalOf(error: unknown, target: Target, now = Date.now(), unknown = false): TemporalRefused | null {
  if (error instanceof TemporalRefused) return error;
  const status = grpcStatusOf(error);
  if (status === null || (status.code !== PERMISSION_DENIED && status.code !== UNAUTHENTICATED)) return null;
  return refused(status.details, keyRemedy(target, now, unknown || status.code === UNAUTHENTICATED), target, error);
}

/** Of an attempt to connect, which needs no rights at all. Null when the server is away. */
export async function connectRefusalOf(
  error: unknown,
  target: Target,
  now = Date.now(),
): Promise<TemporalRefused | null> {
  const status = grpcStatusOf(error);
  if (status === null ? DENIED.test(messageOf(error)) : REFUSING.has(status.code))
    return refused(status?.details ?? 'Request unauthorized.', keyRemedy(target, now, true), target, error);
  if (status !== null && status.code !== UNAVAILABLE) return null;
  const problem = await tlsProblem(target.connection);
  return (
    problem && new TemporalRefused({ ...problem, what: `Temporal at ${addressOf(target)} ${problem.what}` }, error)
  );
}

const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;
const REFUSING = new Set([PERMISSION_DENIED, UNAUTHENTICATED]);
/** How a native connection words these two. */
const DENIED = /does not have permission|not have valid authentication/;

function refused(details: string, remedy: string, target: Target, cause: unknown): TemporalRefused {
  const said = details.replace(/\.$/, '');
  return new TemporalRefused({ what: `Temporal at ${addressOf(target)} refuses this: ${said}`, remedy }, cause);
}

function keyRemedy(
  { connection: { apiKey }, namespace, keySetting = 'TEMPORAL_API_KEY' }: Target,
  now: number,
  unknown: boolean,
): string {
  const place = `namespace ${JSON.stringify(namespace)}`;
  if (apiKey === undefined)
    return `No API key is set, and without one this is not allowed in ${place}: set TEMPORAL_API_KEY, or api_key in the profile`;
  const ended = typeof apiKey === 'string' ? expiryOf(apiKey) : null;
  if (ended !== null && ended <= now)
    return `The API key expired at ${new Date(ended).toISOString()}: set ${keySetting} to a new one`;
  if (unknown) return `The API key is not accepted: set ${keySetting} to one that was issued for this cluster`;
  return `The API key has no right to do this in ${place}: roles and commands read and write there, \`tocsin topology --apply\` administers; give it the right, or set another ${keySetting}`;
}

/** Keys are tokens that say when they end; of one that is not, nothing is known. */
function expiryOf(apiKey: string): number | null {
  try {
    const { exp } = JSON.parse(Buffer.from(apiKey.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      readonly exp?: unknown;
    };
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1_000 : null;
  } catch {
    return null;
  }
}

const addressOf = ({ connection }: Target): string => connection.address ?? '';
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
