/** What an examination finds, and what to do about it. */
import type { Session } from '../commands/session.ts';

/** `error`: something is wrong or about to be; `warning`: something should be changed; `ok`: as it should be. */
export type FindingSeverity = 'ok' | 'warning' | 'error';

export interface Finding {
  readonly severity: FindingSeverity;
  readonly what: string;
  /** What to do; empty when it is ok. */
  readonly remedy: string;
}

export interface Examination {
  readonly name: string;
  /** Rejects when it cannot be examined now. */
  examine(session: Session): Promise<readonly Finding[]>;
  /** True when it needs that server: a failure then counts as the server being away. */
  readonly needs: 'nats' | 'temporal' | null;
}

export const ok = (what: string): Finding => ({ severity: 'ok', what, remedy: '' });
export const warning = (what: string, remedy: string): Finding => ({ severity: 'warning', what, remedy });
export const error = (what: string, remedy: string): Finding => ({ severity: 'error', what, remedy });
