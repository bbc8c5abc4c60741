/**
 * Who stands at the head of each queue for locks, worked out from who waits for whom. Pure: the statement that asks the server is elsewhere.
 * Sessions that wait for each other in a circle have no head; the server itself ends such a circle.
 */

export interface Backend {
  /** 0: a prepared transaction, which no session holds. */
  readonly pid: number;
  /** When the session and its transaction began, as the server writes it, to the microsecond: together with the pid they name one transaction. */
  readonly backendStart: string | null;
  readonly xactStart: string | null;
  readonly user: string;
  readonly application: string;
  readonly state: string;
  /** The statement it runs or ran last, cut. */
  readonly query: string;
  /** Since its transaction began. */
  readonly ageMs: number;
  /** Why it must never be ended from outside; null when it may be. */
  readonly protected: string | null;
}

/** A backend as the server tells of it. */
export interface SeenBackend extends Backend {
  /** It waits for these; empty while it waits for no lock. */
  readonly waitsFor: readonly number[];
  /** Since it began to wait; 0 while it waits for none. */
  readonly waitedMs: number;
}

export interface LockChain {
  readonly root: Backend;
  /** How many sessions wait for it, directly or behind others. */
  readonly blocked: number;
  /** Of the one that waits longest. */
  readonly longestWaitMs: number;
  /** Levels of waiting below the root. */
  readonly depth: number;
  /** The first of those that wait. */
  readonly waiting: readonly Waiter[];
}

export interface Waiter {
  readonly pid: number;
  readonly waitsFor: readonly number[];
  readonly user: string;
  readonly application: string;
  readonly query: string;
  readonly waitedMs: number;
}

export const MAX_CHAINS = 20;
const MAX_WAITERS = 10;
const PREPARED: Backend = {
  pid: 0,
  backendStart: null,
  xactStart: null,
  user: '',
  application: '',
  state: 'prepared',
  query: '',
  ageMs: 0,
  protected: 'it is a prepared transaction; who prepared it commits it or rolls it back (pg_prepared_xacts)',
};

/** Longest queue first. A session that waits behind two heads counts for both. */
export function lockChains(seen: readonly SeenBackend[]): readonly LockChain[] {
  const byPid = new Map(seen.map((backend) => [backend.pid, backend]));
  const behind = whoWaits(seen);
  return [...behind.keys()]
    .filter((pid) => (byPid.get(pid)?.waitsFor ?? []).length === 0)
    .flatMap((pid) => {
      const root = pid === 0 ? PREPARED : byPid.get(pid);
      return root === undefined ? [] : [chainOf(root, behind)];
    })
    .toSorted((a, b) => b.blocked - a.blocked || b.longestWaitMs - a.longestWaitMs || a.root.pid - b.root.pid);
}

/** Who waits for a pid directly. */
function whoWaits(seen: readonly SeenBackend[]): ReadonlyMap<number, readonly SeenBackend[]> {
  const behind = new Map<number, SeenBackend[]>();
  for (const backend of seen)
    for (const pid of new Set(backend.waitsFor)) behind.set(pid, [...(behind.get(pid) ?? []), backend]);
  return behind;
}

function chainOf(root: Backend, behind: ReadonlyMap<number, readonly SeenBackend[]>): LockChain {
  const found = new Map<number, SeenBackend>();
  let depth = 0;
  for (let level = behind.get(root.pid) ?? []; level.length > 0;) {
    const fresh = level.filter(({ pid }) => !found.has(pid));
    if (fresh.length > 0) depth += 1;
    for (const backend of fresh) found.set(backend.pid, backend);
    level = fresh.flatMap(({ pid }) => behind.get(pid) ?? []);
  }
  const waiting = [...found.values()].toSorted((a, b) => b.waitedMs - a.waitedMs || a.pid - b.pid);
  return {
    root: backendOf(root),
    blocked: waiting.length,
    longestWaitMs: waiting[0]?.waitedMs ?? 0,
    depth,
    waiting: waiting.slice(0, MAX_WAITERS).map(waiterOf),
  };
}

const backendOf = (seen: Backend): Backend => ({
  pid: seen.pid,
  backendStart: seen.backendStart,
  xactStart: seen.xactStart,
  user: seen.user,
  application: seen.application,
  state: seen.state,
  query: seen.query,
  ageMs: seen.ageMs,
  protected: seen.protected,
});

const waiterOf = ({ pid, waitsFor, user, application, query, waitedMs }: SeenBackend): Waiter => ({
  pid,
  waitsFor,
  user,
  application,
  query,
  waitedMs,
});
