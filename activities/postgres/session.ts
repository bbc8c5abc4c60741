/**
 * One short session with a PostgreSQL server that configuration names: opened for one activity, bounded in every wait, closed at its end.
 * Statements carry parameters only; what comes from outside is never a part of their text. The address and its password stay in here.
 */
import { Client, DatabaseError } from 'pg';
import { permanent } from '../permanent.ts';

export interface DatabaseAddress {
  readonly name: string;
  /** `postgres://user:password@host:port/database`, read from its secret when it is needed. */
  readonly url: () => string;
  /** `verify`: the server shows a certificate for its host name. `off`: in clear. */
  readonly tls: 'verify' | 'off';
  /** PEM of an authority of your own. */
  readonly ca?: () => string;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Session {
  query(text: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const LOCK_TIMEOUT_MS = 2_000;
/** A session that its worker forgot is ended by the server. */
const IDLE_TIMEOUT_MS = 15_000;
/** On our side, for a server that no longer answers at all. */
const QUERY_TIMEOUT_MS = 15_000;

/** By class or by code (appendix A of PostgreSQL's manual): wrong user, password, database, statement or right. Repeating cannot help. */
const PERMANENT = /^(28|3D|42|0A|22)/;

/** Rejects permanently (`PostgresRefused`) for what the server or the configuration does not allow, retryably for everything else. */
export async function withSession<T>(address: DatabaseAddress, work: (session: Session) => Promise<T>): Promise<T> {
  const client = new Client({
    ...placeOf(address),
    ssl: address.tls === 'off' ? false : { rejectUnauthorized: true, ...(address.ca && { ca: address.ca() }) },
    application_name: 'tocsin',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_TIMEOUT_MS,
    // Instants are read and compared as text, to the microsecond.
    options: '-c TimeZone=UTC -c DateStyle=ISO',
  });
  // A connection that is lost between two statements would end the process; the next statement tells.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work({
      query: async (text, parameters = []) => (await client.query(text, [...parameters])).rows as Row[],
    });
  } catch (error) {
    throw explained(address.name, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Nothing but the place: settings in an address could take back what is bounded here. */
function placeOf({ name, url }: DatabaseAddress) {
  const text = url();
  const parsed = URL.canParse(text) ? new URL(text) : null;
  const plain =
    parsed !== null && /^postgres(ql)?:$/.test(parsed.protocol) && parsed.search === '' && parsed.hash === '';
  if (!plain || parsed.hostname === '' || parsed.username === '' || parsed.pathname.length < 2)
    throw permanent(
      'PostgresRefused',
      `the address of database ${name} is not postgres://user:password@host:port/database without further settings`,
    );
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database: decodeURIComponent(parsed.pathname.slice(1)),
  };
}

function explained(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || 'nonRetryable' in error) return error;
  if (error instanceof DatabaseError && PERMANENT.test(error.code ?? ''))
    return permanent('PostgresRefused', `database ${name}: ${error.message} (SQLSTATE ${error.code})`, error);
  return new Error(`database ${name}: ${error.message}`, { cause: error });
}
