/** What is expected, in words, where the schema can only say a pattern. */
import type { Problem } from '../triggers/events/check.ts';
import { SECRET_REFERENCE } from './secret-schema.ts';

/** The value itself is never told: where a reference is expected, it may be the secret. */
export function explainProblem({ message }: Problem): string {
  const pattern = /^must match pattern "(.*)"$/s.exec(message)?.[1];
  if (pattern === undefined) return message;
  if (pattern === SECRET_REFERENCE)
    return 'holds something other than a reference, expected env:NAME or file:/path. If it is the secret itself, it is known to all who can read this file: change it';
  const words = WORDS.find(([known]) => pattern.includes(known));
  return words === undefined ? message : `expected ${words[1]}`;
}

const WORDS: readonly (readonly [part: string, expected: string])[] = [
  ['ms|', 'a duration such as 500ms, 10s, 5m, 1h or 2d, and at most 23 days'],
  ['^[a-z0-9][a-z0-9-]', 'a name of lower-case letters, digits and hyphens, at most 40 characters'],
  ['^(nats|tls|wss?)://', 'an address such as nats://host:4222, without user and password'],
  ['~[01]', 'a JSON Pointer such as /host or /where/region (~1 for a slash in a name, ~0 for a tilde)'],
  ['^https?://', 'an address that begins with http:// or https://'],
];
