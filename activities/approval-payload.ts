/** Reads the signed text of an answer, strictly: exactly these fields, of these types, in exactly the canonical form that was signed. */
import type { AnswerPayload } from '../workflows/kit/approval-message.ts';
import { MAX_CHOICE_CHARS } from '../workflows/kit/approval-message.ts';
import { canonical } from '../workflows/kit/canonical.ts';

const MAX_TEXT = 1_000;
const HASH = /^[0-9a-f]{64}$/;
const NONCE = /^[0-9a-f]{32}$/;

const FIELDS: Readonly<Record<keyof AnswerPayload, (value: unknown) => boolean>> = {
  v: (value) => value === 1,
  decision: (value) => isText(value) && value.length <= MAX_CHOICE_CHARS,
  workflowId: isText,
  runId: isText,
  execution: isText,
  planHash: (value) => typeof value === 'string' && HASH.test(value),
  expiresAt: (value) => Number.isSafeInteger(value),
  nonce: (value) => typeof value === 'string' && NONCE.test(value),
  person: isText,
  reason: (value) => typeof value === 'string' && value.length <= MAX_TEXT,
};

/** The payload, or a sentence about what is wrong with it. The text is bounded before it comes here. */
export function payloadOf(text: string): AnswerPayload | string {
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'the signed text is no JSON object';
  const names = Object.keys(value);
  const strange = names.find((name) => !Object.hasOwn(FIELDS, name));
  if (strange !== undefined) return `field ${JSON.stringify(strange)} is not known`;
  for (const [name, fits] of Object.entries(FIELDS)) {
    if (!Object.hasOwn(value, name)) return `field ${name} is missing`;
    if (!fits((value as Readonly<Record<string, unknown>>)[name])) return `field ${name} is not as expected`;
  }
  if (canonical(value) !== text) return 'the signed text is not in canonical form';
  return value as AnswerPayload;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT;
}
