/**
 * What passes between a run that asks, the people who answer and the local activities that judge: names, bounds and shapes. A run asks for
 * the approval of a plan, or puts a question of its own. Pure; the run, the activities and the command line rely on the same definitions.
 */
import type { Plan } from './plan.ts';

export type Decision = 'approve' | 'deny';

/** What an update carries. Only its shape is checked before it enters the history. */
export interface SignedAnswer {
  /** Canonical JSON of `AnswerPayload`: the very text that is signed. */
  readonly payload: string;
  /** Id in the key ring. */
  readonly key: string;
  /** Ed25519 over `signedText(payload)`, base64. */
  readonly signature: string;
}

export interface AnswerPayload {
  readonly v: 1;
  /** `approve` or `deny` a plan; of a question one of its choices. */
  readonly decision: string;
  readonly workflowId: string;
  /** First run id of the execution. */
  readonly runId: string;
  /** Run id now; a reset gives another. */
  readonly execution: string;
  /** SHA-256 of the canonical form of what is asked: the plan, or the question. */
  readonly planHash: string;
  /** When the question ends, ms since 1970; different for each question of a run. */
  readonly expiresAt: number;
  /** Random; counts once. */
  readonly nonce: string;
  readonly person: string;
  readonly reason: string;
}

/** One question of one run. In the run's memo beside its plan, so that it can be read without a worker. */
export interface Question {
  /** SHA-256 of the canonical form of what is asked. */
  readonly planHash: string;
  /** Ms since 1970. */
  readonly askedAt: number;
  readonly expiresAt: number;
  /** The same as RFC 3339, for people. */
  readonly until: string;
  /** How many different people have to approve. */
  readonly quorum: number;
  /** After how many ms who is told; the first is told at once. The last entry is the end of the question, with nobody to tell. */
  readonly tell: readonly { readonly afterMs: number; readonly people: readonly string[] }[];
}

export interface AskedInMemo extends Question {
  readonly plan: Plan;
}

/** What a run asks that is no plan. */
export interface HumanQuestion {
  readonly runbook: string;
  /** What the run is about: its service, else its alert, else its region. */
  readonly about: string;
  /** Counts the questions of the run from 1: an answer to one is none to the next, though the words be the same. */
  readonly number: number;
  readonly text: string;
  readonly choices: readonly string[];
}

export interface HumanAskedInMemo extends Question {
  readonly human: HumanQuestion;
}

export type Refusal =
  | 'not-asked'
  | 'already-decided'
  | 'malformed'
  | 'unknown-key'
  | 'wrong-signature'
  | 'revoked-key'
  | 'expired-key'
  | 'other-decision'
  | 'other-person'
  | 'other-workflow'
  | 'other-run'
  | 'before-reset'
  | 'other-plan'
  | 'other-question'
  | 'expired'
  | 'replayed'
  | 'requester'
  | 'twice';

/** What the key ring says about one answer; recorded in the history, whatever it is. */
export type Verdict =
  | {
      readonly valid: true;
      /** Absent in histories of before, where the update's name says it. */
      readonly decision?: string;
      readonly person: string;
      readonly key: string;
      readonly nonce: string;
      readonly reason: string;
      readonly execution: string;
    }
  | { readonly valid: false; readonly refusal: Refusal; readonly detail: string };

/** What the sender of an update gets back. */
export type AnswerResult =
  | {
      readonly accepted: true;
      readonly state: 'approved' | 'denied' | 'answered' | 'waiting';
      /** People still needed. */
      readonly missing: number;
    }
  | { readonly accepted: false; readonly refusal: Refusal; readonly detail: string };

/** Names of the updates. A signal of the same name is refused and noted. */
export const APPROVE_UPDATE = 'approve';
export const DENY_UPDATE = 'deny';
export const ANSWER_UPDATE = 'answer';
/** Memo fields of what is asked: a plan to be approved; a question, which is null again once it is settled. */
export const QUESTION_MEMO = 'tocsinQuestion';
export const HUMAN_QUESTION_MEMO = 'tocsinHumanQuestion';

export const MAX_CHOICES = 10;
export const MAX_CHOICE_CHARS = 60;

const MAX_PAYLOAD_CHARS = 4_096;
const MAX_KEY_CHARS = 64;
/** 64 bytes in base64. */
const SIGNATURE_CHARS = 88;

/** The purpose stands in front, so that a signature made for something else can never count. */
export const signedText = (payload: string): string => `tocsin approval v1\n${payload}`;

/** A sentence when this is no signed answer at all, else null. Cheap: it runs before anything is stored. */
export function shapeProblem(args: readonly unknown[]): string | null {
  const [answer] = args;
  if (args.length !== 1) return `expected one argument, got ${args.length}`;
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return 'expected an object';
  const keys = Object.keys(answer).toSorted().join(' ');
  if (keys !== 'key payload signature') return 'expected exactly the fields key, payload and signature';
  const { payload, key, signature } = answer as Readonly<Record<string, unknown>>;
  if (typeof payload !== 'string' || payload.length === 0 || payload.length > MAX_PAYLOAD_CHARS)
    return `payload: expected text of 1 to ${MAX_PAYLOAD_CHARS} characters`;
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY_CHARS)
    return `key: expected text of 1 to ${MAX_KEY_CHARS} characters`;
  if (typeof signature !== 'string' || signature.length !== SIGNATURE_CHARS)
    return `signature: expected ${SIGNATURE_CHARS} characters of base64`;
  return null;
}
