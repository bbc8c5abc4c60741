/** Whether a signed text opens a window for a run: by a key of the ring that is valid now, for this run, this window and this moment. */
import { verify } from 'node:crypto';
import { type ApproverKey, publicKeyOf } from '../approvals.ts';
import { instantText } from '../calendar/instant-text.ts';
import { canonical } from '../../workflows/kit/canonical.ts';
import { type OverridePayload, type SignedOverride, signedOverrideText } from '../../workflows/kit/window-message.ts';

export interface AskingRun {
  readonly workflowId: string;
  readonly runId: string;
}

export interface OverrideQuestion {
  readonly run: AskingRun;
  readonly window: string;
  /** Ms since 1970. */
  readonly at: number;
  readonly keys: readonly ApproverKey[];
}

export interface Overridden {
  readonly person: string;
  readonly until: number;
  readonly text: string;
}

/** Nobody opens a window for longer. */
const MAX_OPEN_MS = 86_400_000;
const MAX_WHY = 1_000;

/** Null: it opens nothing. */
export function overrideOf(override: SignedOverride, question: OverrideQuestion): Overridden | null {
  const key = question.keys.find(({ id }) => id === override.key);
  if (key === undefined || !isValid(key, question.at) || !signedBy(key, override)) return null;
  const payload = payloadOf(override.payload);
  if (payload === null || !fits(payload, key, question)) return null;
  const { person, until, why } = payload;
  return { person, until, text: `opened by ${person} until ${instantText(Math.floor(until / 1_000))}: ${why}` };
}

function fits(payload: OverridePayload, key: ApproverKey, { run, window, at }: OverrideQuestion): boolean {
  return (
    payload.v === 1 &&
    payload.person === key.person &&
    payload.workflowId === run.workflowId &&
    payload.runId === run.runId &&
    payload.window === window &&
    Number.isSafeInteger(payload.until) &&
    payload.until > at &&
    payload.until <= at + MAX_OPEN_MS &&
    typeof payload.why === 'string' &&
    payload.why.length > 0 &&
    payload.why.length <= MAX_WHY
  );
}

function payloadOf(text: string): OverridePayload | null {
  try {
    const value = JSON.parse(text) as OverridePayload | null;
    return typeof value === 'object' && canonical(value) === text ? value : null;
  } catch {
    return null;
  }
}

const isValid = ({ revoked, expires }: ApproverKey, at: number): boolean =>
  [revoked, expires].every((end) => end === undefined || at < Date.parse(end));

function signedBy({ publicKey }: ApproverKey, { payload, signature }: SignedOverride): boolean {
  try {
    const text = Buffer.from(signedOverrideText(payload));
    return verify(null, text, publicKeyOf(publicKey), Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}
