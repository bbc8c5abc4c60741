/**
 * End what others wait for in a PostgreSQL database: look, cancel the statement at the head of each queue, end its session when that does not
 * help, look again. Long queues and old transactions are ended only when a human says so; what is protected never.
 */
import type { PostgresActivities } from '../activities/postgres.ts';
import type { Backend, LockChain } from '../activities/postgres/lock-chains.ts';
import { type Run, runbook } from './kit/index.ts';

export interface KillBlockersInput {
  /** Name of a database of the inventory; anything else is refused by the worker. */
  readonly database: string;
  /** Queues in which nobody waits for longer are left alone; default 5 s. */
  readonly minWaitMs?: number;
  /** From these on a human is asked: sessions that wait, age of the transaction. Default 10 and 10 minutes. */
  readonly ask?: { readonly blocked: number; readonly ageMs: number };
}

export interface KillBlockersReport {
  /** `left`: somebody decided that it stays. */
  readonly outcome: 'nothing-blocked' | 'ended' | 'left';
  readonly database: string;
  readonly chains: readonly TreatedChain[];
  /** Queues that were seen and not treated, because there are too many for one run. */
  readonly more: number;
  /** Markdown. */
  readonly report: string;
}

export interface TreatedChain {
  readonly root: string;
  /** Sessions that waited for it. */
  readonly blocked: number;
  readonly longestWaitMs: number;
  /** `gone`: it had ended, or nobody waited for it any more; the notes of the report say more. `protected` and `still-there` call a human. */
  readonly became: 'cancelled' | 'terminated' | 'gone' | 'left' | 'protected' | 'still-there';
}

type Became = TreatedChain['became'];

const MIN_WAIT_MS = 5_000;
const ASK = { blocked: 10, ageMs: 600_000 };
const MAX_TREATED = 5;
const LOOKS = { attempts: 5, everyMs: 1_000 };

export const killBlockers = runbook<KillBlockersInput, KillBlockersReport, PostgresActivities>(async (input, run) => {
  const { database, minWaitMs = MIN_WAIT_MS, ask = ASK } = input;
  const seen = await run.check(`who blocks whom in ${database}?`, (on) => on.observeLocks({ database, minWaitMs }), {
    // Queues grow and shrink; which transactions stand at their heads decides.
    significant: ({ chains }) => chains.map(({ root }) => ({ ...transactionOf(root), protected: root.protected })),
  });
  const chains = seen.chains.toSorted(olderFirst);
  const large = ({ blocked, root }: LockChain): boolean => blocked >= ask.blocked || root.ageMs >= ask.ageMs;
  // What needs no human first: nobody waits for an answer about somebody else's queue.
  const order = [...chains.filter((chain) => !large(chain)), ...chains.filter(large)].slice(0, MAX_TREATED);
  const treated: TreatedChain[] = [];
  for (const chain of order) {
    const became = await treat(chain, large(chain), database, run);
    treated.push({ root: nameOf(chain.root), blocked: chain.blocked, longestWaitMs: chain.longestWaitMs, became });
  }
  const stuck = order.filter((_, index) => isStuck(treated[index]?.became));
  if (stuck.length > 0) run.escalate(`${database} is still blocked: ${stuck.map(whyStuck).join('; ')}`);
  const left = treated.some(({ became }) => became === 'left');
  return {
    outcome: treated.length === 0 ? 'nothing-blocked' : left ? 'left' : 'ended',
    database,
    chains: treated,
    more: seen.more + chains.length - order.length,
    report: run.report(),
  };
});

async function treat(
  chain: LockChain,
  large: boolean,
  database: string,
  run: Run<PostgresActivities>,
): Promise<Became> {
  const { root } = chain;
  if (root.protected !== null) return 'protected';
  // Whoever approves the run approves this very transaction.
  if (large && run.context.mode !== 'approve') {
    const choice = await run.askHuman(questionOf(chain, database), {
      choices: ['end it', 'leave it'],
      assumed: 'end it',
    });
    if (choice === 'leave it') return 'left';
  }
  // Cancelling a session that idles in its transaction changes nothing.
  const ways = root.state === 'active' ? (['cancel', 'terminate'] as const) : (['terminate'] as const);
  for (const way of ways) {
    const became = await endBy(way, root, database, run);
    if (became !== 'still-there') return became;
  }
  return 'still-there';
}

async function endBy(
  way: 'cancel' | 'terminate',
  root: Backend,
  database: string,
  run: Run<PostgresActivities>,
): Promise<Became> {
  const request = { database, backend: transactionOf(root) };
  const { outcome, detail } = await run.act(
    `${way} ${nameOf(root)} in ${database}`,
    (on) => (way === 'cancel' ? on.cancelBackend(request) : on.terminateBackend(request)),
    { assumed: { outcome: 'signalled', detail: '' } },
  );
  if (outcome === 'protected') return 'protected';
  if (outcome !== 'signalled') {
    run.note(detail);
    return 'gone';
  }
  const free = await run.verify(
    `does nobody wait for ${nameOf(root)} any more?`,
    (on) => on.observeLocks({ database, minWaitMs: 0 }),
    { ...LOOKS, holds: ({ chains }) => !chains.some((chain) => sameTransaction(chain.root, root)) },
  );
  if (!free) return 'still-there';
  return way === 'cancel' ? 'cancelled' : 'terminated';
}

const transactionOf = ({ pid, backendStart, xactStart }: Backend) => ({ pid, backendStart, xactStart });

const sameTransaction = (a: Backend, b: Backend): boolean =>
  a.pid === b.pid && a.backendStart === b.backendStart && a.xactStart === b.xactStart;

const olderFirst = (a: LockChain, b: LockChain): number => (keyOf(a.root) < keyOf(b.root) ? -1 : 1);
const keyOf = ({ xactStart, pid }: Backend): string => `${xactStart ?? ''} ${pid}`;

const isStuck = (became?: Became): boolean => became === 'protected' || became === 'still-there';

const whyStuck = ({ root, blocked }: LockChain): string =>
  `${nameOf(root)} blocks ${blocked}, ${root.protected ?? 'and did not end when it was told to'}`;

const nameOf = ({ pid, user, application }: Backend): string =>
  pid === 0 ? 'a prepared transaction' : `${user} (${application}) pid ${pid}`;

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

function questionOf({ root, blocked, longestWaitMs }: LockChain, database: string): string {
  const statement = root.query.replace(/\s+/g, ' ');
  return (
    `${nameOf(root)} blocks ${blocked} sessions of ${database}, one of them for ${seconds(longestWaitMs)}. ` +
    `Its transaction is ${seconds(root.ageMs)} old, ${root.state}; last statement: ${statement}. End it? What it did is rolled back.`
  );
}
