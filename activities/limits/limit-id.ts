/** The workflow id of one scope of a limit: readable, bounded, and different for different scopes. */
import { createHash } from 'node:crypto';
import { LIMIT_ID_PREFIX } from '../../workflows/engine/limit-protocol.ts';

const MAX_READABLE = 120;

/** `limit/<name>/<value>`; with a hash when the value could not be kept as it is. */
export function limitId(name: string, value: string): string {
  const readable = value.replaceAll(/[^A-Za-z0-9_.:@-]+/g, '-').slice(0, MAX_READABLE);
  if (readable === value) return `${LIMIT_ID_PREFIX}${name}/${value}`;
  const hash = createHash('sha256').update(value).digest('hex').slice(0, 12);
  return `${LIMIT_ID_PREFIX}${name}/${readable}~${hash}`;
}
