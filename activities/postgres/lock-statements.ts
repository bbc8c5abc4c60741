/** What is asked of a server about its locks. Relies on PostgreSQL 14 or later; the user needs `pg_monitor`, and `pg_signal_backend` to end sessions. */

const MAX_QUERY_CHARS = 200;
const MAX_WAITING = 1_000;

/** Why the backend `a` of role `r` must not be ended; null when it may be. The same answer to those who look and to those who act. */
const PROTECTED = `case
  when a.backend_start is null then 'its details are hidden from ' || current_user || ', who needs pg_monitor'
  when a.backend_type <> 'client backend' then 'it is a ' || a.backend_type
  when a.datname is distinct from current_database() then 'it works in another database, ' || a.datname
  when r.rolname is null then 'its role is not known'
  when r.rolsuper then 'its role ' || r.rolname || ' is a superuser'
  when r.rolreplication then 'its role ' || r.rolname || ' is for replication'
  when a.pid = pg_backend_pid() then 'it is this session itself'
end`;

const BACKENDS = 'pg_stat_activity a left join pg_roles r on r.oid = a.usesysid';

/** Everybody who waits for a lock in this database, and whom they wait for. A blocker of pid 0 is in `waits_for` only. */
export const WHO_WAITS = `
with waiting as materialized (
  select pid, pg_blocking_pids(pid) as waits_for,
         (select min(waitstart) from pg_locks l where l.pid = w.pid and not granted) as since
  from pg_stat_activity w
  where wait_event_type = 'Lock' and datname = current_database()
  limit ${MAX_WAITING}
)
select a.pid,
       a.backend_start::text as "backendStart",
       a.xact_start::text as "xactStart",
       coalesce(a.usename, '') as "user",
       coalesce(a.application_name, '') as application,
       coalesce(a.state, '') as state,
       left(coalesce(a.query, ''), ${MAX_QUERY_CHARS}) as query,
       coalesce(round(extract(epoch from clock_timestamp() - a.xact_start) * 1000), 0)::float8 as "ageMs",
       ${PROTECTED} as protected,
       coalesce(waiting.waits_for, '{}') as "waitsFor",
       coalesce(round(extract(epoch from clock_timestamp() - waiting.since) * 1000), 0)::float8 as "waitedMs"
from ${BACKENDS} left join waiting on waiting.pid = a.pid
where waiting.pid is not null or a.pid in (select unnest(waits_for) from waiting)
order by a.pid`;

/**
 * Signals the one transaction that was observed, and that only while somebody still waits for it: the pid of a session that ended meanwhile
 * may belong to another one by now. $1 pid, $2 start of the session, $3 start of the transaction.
 */
export const signalStatement = (how: 'cancel' | 'terminate'): string => `
with target as materialized (
  select a.pid, ${PROTECTED} as protected,
         exists (select from pg_stat_activity w where w.wait_event_type = 'Lock' and a.pid = any(pg_blocking_pids(w.pid))) as blocks
  from ${BACKENDS}
  where a.pid = $1 and a.backend_start = $2::timestamptz and a.xact_start = $3::timestamptz
)
select protected, blocks, case when protected is null and blocks then pg_${how}_backend(pid) end as signalled from target`;
