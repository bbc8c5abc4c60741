/** The id rule (R3): readable for operators, bounded, and different for different tuples by the hash at its end. */
import { shortHash } from '../nats/subject.ts';

export interface RunIdentity {
  /** Stream of the event: books are per region, so equal keys of two regions are two episodes. */
  readonly stream: string;
  readonly trigger: string;
  /** Alert key, or `<source> <event id>` of an event that is its own episode. */
  readonly key: string;
  readonly generation: number;
  readonly attempt: number;
}

/** `<trigger>/<key>#<generation>`, `.<attempt>` from the second attempt on, and 8 hex digits over the exact tuple. */
export function workflowId({ stream, trigger, key, generation, attempt }: RunIdentity): string {
  const readable = key.replace(/[^A-Za-z0-9_.:@/-]+/g, '-').slice(0, 120);
  const hash = shortHash(JSON.stringify([stream, trigger, key, generation, attempt]), 8);
  return `${trigger}/${readable}#${generation}${attempt > 1 ? `.${attempt}` : ''}~${hash}`;
}
