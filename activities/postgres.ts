/**
 * PostgreSQL databases of the inventory: who blocks whom, how far standbys are behind, and ending a session that blocks others. Events only
 * choose a database by name (R8). Ending is compare-and-act (R9): one transaction, named by its pid and both of its beginnings.
 */
import type { AllowedTarget } from './allowed-target.ts';
import { followsAnother } from './earlier-attempt.ts';
import { look } from './look.ts';
import { permanent } from './permanent.ts';
import type { DatabaseOf } from './postgres/databases.ts';
import { type Backend, type LockChain, MAX_CHAINS, type SeenBackend, lockChains } from './postgres/lock-chains.ts';
import { WHO_WAITS, signalStatement } from './postgres/lock-statements.ts';
import { type ReplicationReport, replication } from './postgres/replication.ts';
import { type DatabaseAddress, withSession } from './postgres/session.ts';

export interface DatabaseRequest {
  /** Id of a target of the inventory. */
  readonly database: string;
}

export interface LocksRequest extends DatabaseRequest {
  /** Chains in which nobody waits for longer are left out. */
  readonly minWaitMs: number;
}

export interface LockReport {
  /** Longest queue first, at most 20. */
  readonly chains: readonly LockChain[];
  /** Chains that were left out because there are more. */
  readonly more: number;
}

export interface EndRequest extends DatabaseRequest {
  readonly backend: Pick<Backend, 'pid' | 'backendStart' | 'xactStart'>;
}

/**
 * `signalled`: the server has told it. `gone`: that transaction has ended. `not-blocking`: nobody waits for it any more. `protected`: it must
 * not be ended, `detail` says why. In all but the first nothing was done.
 */
export interface EndResult {
  readonly outcome: 'signalled' | 'gone' | 'not-blocking' | 'protected';
  readonly detail: string;
}

export interface PostgresDependencies {
  readonly allowedTarget: AllowedTarget;
  readonly databaseOf: DatabaseOf;
}

export type PostgresActivities = ReturnType<typeof createPostgresActivities>;

export function createPostgresActivities({ allowedTarget, databaseOf }: PostgresDependencies) {
  const find = (database: string): DatabaseAddress => databaseOf(allowedTarget(database));
  return {
    /** Looks only; may run any number of times. Retried while the server does not answer. */
    observeLocks: look(async ({ database, minWaitMs }: LocksRequest): Promise<LockReport> => {
      const rows = await withSession(find(database), (session) => session.query(WHO_WAITS));
      const all = lockChains(rows as unknown as readonly SeenBackend[]);
      const chains = all.filter(({ longestWaitMs }) => longestWaitMs >= minWaitMs);
      return { chains: chains.slice(0, MAX_CHAINS), more: Math.max(0, chains.length - MAX_CHAINS) };
    }),

    /** Looks only; may run any number of times. */
    observeReplication: look(({ database }: DatabaseRequest): Promise<ReplicationReport> =>
      withSession(find(database), replication),
    ),

    /** Cancels what it runs now. May run twice: only that transaction is ever signalled, and only while others wait for it. */
    cancelBackend: (request: EndRequest): Promise<EndResult> => end('cancel', find(request.database), request),

    /** Ends the session. May run twice: once it is ended there is no such transaction. */
    terminateBackend: (request: EndRequest): Promise<EndResult> => end('terminate', find(request.database), request),
  };
}

async function end(
  how: 'cancel' | 'terminate',
  address: DatabaseAddress,
  { backend: { pid, backendStart, xactStart } }: EndRequest,
): Promise<EndResult> {
  if (backendStart === null || xactStart === null)
    throw permanent('NoTransaction', `backend ${pid} was observed without the beginning of its session or transaction`);
  const [row] = await withSession(address, (session) =>
    session.query(signalStatement(how), [pid, backendStart, xactStart]),
  );
  const transaction = `transaction of ${xactStart} in session ${pid} of ${backendStart}`;
  const before = followsAnother() ? ', perhaps by an attempt before this one' : '';
  if (row === undefined || row['signalled'] === false)
    return { outcome: 'gone', detail: `${transaction} has ended${before}` };
  if (typeof row['protected'] === 'string') return { outcome: 'protected', detail: row['protected'] };
  if (row['blocks'] !== true)
    return { outcome: 'not-blocking', detail: `nobody waits for the ${transaction}${before}` };
  return { outcome: 'signalled', detail: `pg_${how}_backend, ${transaction}` };
}
