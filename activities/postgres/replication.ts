/** How far standbys are behind, as one server tells of it: a primary about those that follow it, a standby about itself. */
import type { Row, Session } from './session.ts';

export interface ReplicationReport {
  readonly role: 'primary' | 'standby';
  /** Of a primary; at most 50. */
  readonly standbys: readonly StandbyLag[];
  /** Of a standby: since the last transaction it replayed, 0 when it has all it received. Null when it replayed none, or for a primary. */
  readonly replayedAgoMs: number | null;
}

export interface StandbyLag {
  readonly application: string;
  /** `streaming`, `catchup`, ... */
  readonly state: string;
  readonly sync: boolean;
  /** Bytes of the log that it has not replayed. */
  readonly lagBytes: number;
  /** As the server measured it last; null while nothing is written. */
  readonly lagMs: number | null;
}

const STANDBYS = `
select application_name as application, coalesce(state, '') as state, sync_state in ('sync', 'quorum') as sync,
       coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::float8 as "lagBytes",
       round(extract(epoch from replay_lag) * 1000)::float8 as "lagMs"
from pg_stat_replication order by application_name, pid limit 50`;

const SELF = `
select case when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() then 0
            else round(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000) end::float8 as ago`;

export async function replication(session: Session): Promise<ReplicationReport> {
  const [recovery] = await session.query('select pg_is_in_recovery() as standby');
  if (recovery?.['standby'] === true) {
    const [self] = await session.query(SELF);
    return { role: 'standby', standbys: [], replayedAgoMs: (self?.['ago'] as number | null | undefined) ?? null };
  }
  const rows = await session.query(STANDBYS);
  return {
    role: 'primary',
    standbys: rows.map((row: Row) => ({ ...row }) as unknown as StandbyLag),
    replayedAgoMs: null,
  };
}
