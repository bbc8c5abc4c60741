/** Names a set of triggers by its content, so that the ledger can say under which rules an event was judged. */
import type { Trigger } from '../define-trigger.ts';
import { shortHash } from '../nats/subject.ts';

export const triggerSetHash = (triggers: readonly Trigger[]): string =>
  shortHash(
    JSON.stringify(triggers, (_key, value: unknown) => (typeof value === 'function' ? String(value) : value)),
    12,
  );
