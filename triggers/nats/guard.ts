/** What the client throws, told as one of the errors that say what may be done about it. */
import { NatsError } from 'nats';
import { Conflict, LogFull, LogRefused, LogUnavailable, MessageRefused } from './errors.ts';

/** Rejects with an error of `errors.ts` that names what was tried. */
export const guard = <T>(what: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw explain(what, error);
  });

const CONFLICT_CODES = new Set([10071, 10164]);
const FULL_CODES = new Set([10077, 10047, 10023]);
/** No such stream or consumer, wrong stream, configuration refused. */
const REFUSED_CODES = new Set([10014, 10059, 10060, 10058, 10065, 10052]);
/** Larger than the stream takes. */
const TOO_LARGE_CODE = 10054;
/** What the client finds in the message itself, the server's `max_payload` among it. */
const MESSAGE_NAMES: ReadonlySet<string> = new Set(['MAX_PAYLOAD_EXCEEDED', 'BAD_HEADER', 'BAD_SUBJECT']);

export function explain(what: string, error: unknown): Error {
  if (error instanceof LogUnavailable || error instanceof LogRefused) return error;
  const message = `cannot ${what}: ${error instanceof Error ? error.message : String(error)}`;
  const code = error instanceof NatsError ? error.api_error?.err_code : undefined;
  if (code !== undefined && CONFLICT_CODES.has(code)) return new Conflict(message, { cause: error });
  if (code !== undefined && FULL_CODES.has(code)) return new LogFull(message, { cause: error });
  if (code !== undefined && REFUSED_CODES.has(code)) return new LogRefused(message, { cause: error });
  if (code === TOO_LARGE_CODE || (error instanceof NatsError && MESSAGE_NAMES.has(error.code)))
    return new MessageRefused(message, { cause: error });
  if (error instanceof NatsError && error.code === 'PERMISSIONS_VIOLATION')
    return new LogRefused(message, { cause: error });
  return new LogUnavailable(message, { cause: error });
}
