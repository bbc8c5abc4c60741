/** Sessions of a database wait for a lock for too long: what they wait for is ended, once per episode. */
import { defineTrigger } from './define-trigger.ts';
import { postgresBlocked } from './events/postgres-blocked.ts';

export const killBlockersTrigger = defineTrigger({
  id: 'kill-blockers',
  on: postgresBlocked,
  run: 'killBlockers',
  targets: { kind: 'postgres' },
  input: ({ data }) => ({ database: data.labels.database }),
  service: ({ data }) => data.labels.database,
  onResolved: 'cancel',
  onFailure: { kind: 'escalate' },
  // A question to a human fits into it.
  executionTimeout: '2h',
});
