/**
 * Decisions about approvals and other answers, asked in local activities and recorded by the run (R7): the hash of what is asked, how long a
 * question stands and who is told, whether a signed answer counts, and whether what counted still does. Relies on the key ring of the
 * configuration and the clock.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { Context } from '@temporalio/activity';
import {
  type AnswerPayload,
  type HumanQuestion,
  type Question,
  type Refusal,
  type SignedAnswer,
  type Verdict,
  signedText,
} from '../workflows/kit/approval-message.ts';
import { canonical } from '../workflows/kit/canonical.ts';
import type { Plan } from '../workflows/kit/plan.ts';
import { payloadOf } from './approval-payload.ts';
import { permanent } from './permanent.ts';

export interface ApproverKey {
  readonly id: string;
  /** Several keys of one person count as that one person. */
  readonly person: string;
  /** User name under which the person starts runs; default: the person's name. */
  readonly login?: string;
  /** Ed25519, PEM (SPKI) or its base64 without the lines around it. */
  readonly publicKey: string;
  /** From this instant on the key counts for nothing (RFC 3339). */
  readonly revoked?: string;
  readonly expires?: string;
}

export interface ApprovalSettings {
  readonly keys: readonly ApproverKey[];
  readonly quorum: number;
  /** For single runbooks, instead of `quorum`. */
  readonly quorums: Readonly<Record<string, number>>;
  readonly expiryMs: number;
  /** After how long without an answer people are told again; what is not before the expiry is left out. */
  readonly remindersMs: readonly number[];
  /** Who is told at once, by the first reminder, by the second; the last ones by all further. Empty: everybody with a key. */
  readonly escalation: readonly (readonly string[])[];
}

export interface AskRequest {
  readonly plan: Plan;
}

export interface HumanAskRequest {
  readonly human: HumanQuestion;
  /** How long it stands; default: as long as approvals do. */
  readonly timeoutMs?: number;
  /** It ends by then in any case, ms since 1970: the run needs what is left to end by itself. Null: the run has no end. */
  readonly endsBy: number | null;
}

export interface JudgeRequest {
  readonly answer: SignedAnswer;
  /** What may be decided by the way it was sent. */
  readonly decisions: readonly string[];
  readonly question: Pick<Question, 'planHash' | 'expiresAt'>;
  /** First run id. */
  readonly runId: string;
  /** Started by hand: by whom, null when that is not known. Absent: started by a trigger, or whoever started it may answer. */
  readonly startedBy?: string | null;
  /** Who has approved by now. */
  readonly approvedBy: readonly string[];
  /** Nonces that have counted. */
  readonly used: readonly string[];
}

/** An answer that counted. */
export interface Counted {
  readonly person: string;
  readonly key: string;
  readonly execution: string;
}

const MAX_PLAN_CHARS = 262_144;

export function createApprovalDecisions(settings: ApprovalSettings, now: () => number = Date.now) {
  const usable = (): readonly ApproverKey[] => settings.keys.filter((key) => keyProblem(key, now()) === null);
  return {
    /** Computes only; may run any number of times. */
    hashPlan: async ({ plan }: AskRequest): Promise<string> => hashOf(plan),

    /** Reads the clock and the key ring; the first recorded answer holds. */
    openQuestion: async (request: AskRequest | HumanAskRequest): Promise<Question> => {
      const asked = 'plan' in request ? request.plan : request.human;
      const quorum = 'plan' in request ? (settings.quorums[asked.runbook] ?? settings.quorum) : 1;
      const people = new Set(usable().map(({ person }) => person));
      if (people.size < quorum)
        throw permanent(
          'NobodyCanApprove',
          `${asked.runbook} needs ${quorum} to ${'plan' in request ? 'approve' : 'answer'}, and approvals.keys has usable keys of ${people.size}: ${[...people].join(', ') || 'nobody'}`,
        );
      const askedAt = now();
      const expiresAt = 'plan' in request ? askedAt + settings.expiryMs : endOf(request, askedAt, settings.expiryMs);
      const until = new Date(expiresAt).toISOString();
      const tell = tellOf({ ...settings, expiryMs: expiresAt - askedAt }, [...people]);
      return { planHash: hashOf(asked), askedAt, expiresAt, until, quorum, tell };
    },

    /** Compares only; may run any number of times before its first result is recorded. */
    judgeAnswer: async (request: JudgeRequest): Promise<Verdict> => {
      const { workflowExecution } = Context.current().info;
      const key = settings.keys.find(({ id }) => id === request.answer.key);
      return judge(request, key, {
        now: now(),
        workflowId: workflowExecution?.workflowId ?? '',
        execution: workflowExecution?.runId ?? '',
      });
    },

    /** Right before an effect: a sentence when what was approved counts no longer, else null. May run any number of times. */
    approvalLapsed: async ({ counted }: { readonly counted: readonly Counted[] }): Promise<string | null> => {
      const execution = Context.current().info.workflowExecution?.runId;
      if (counted.some((each) => each.execution !== execution)) return 'the run was reset after it was approved';
      for (const { key: id, person } of counted) {
        const key = settings.keys.find((each) => each.id === id);
        const problem = key === undefined ? 'is no longer in the key ring' : keyProblem(key, now())?.detail;
        if (problem !== undefined) return `key ${id} of ${person} ${problem}`;
      }
      return null;
    },
  };
}

/** Rejects when there is no time left to ask anybody. */
function endOf({ human, timeoutMs, endsBy }: HumanAskRequest, askedAt: number, expiryMs: number): number {
  const end = Math.min(askedAt + (timeoutMs ?? expiryMs), endsBy ?? Infinity);
  if (end > askedAt) return end;
  throw permanent('NoTimeToAsk', `the run is about to reach its execution timeout: nobody was asked ${human.text}`);
}

function hashOf(plan: Plan | HumanQuestion): string {
  const text = canonical(plan);
  if (text.length > MAX_PLAN_CHARS)
    throw permanent(
      'PlanTooLarge',
      `the plan has ${text.length} characters, at most ${MAX_PLAN_CHARS} can be approved; give the checks a \`significant\` part`,
    );
  return createHash('sha256').update(text).digest('hex');
}

function tellOf({ escalation, remindersMs, expiryMs }: ApprovalSettings, everybody: readonly string[]) {
  const reminders = remindersMs.filter((afterMs) => afterMs < expiryMs).toSorted((a, b) => a - b);
  const told = [0, ...reminders].map((afterMs, index) => ({
    afterMs,
    people: escalation[Math.min(index, escalation.length - 1)] ?? everybody,
  }));
  return [...told, { afterMs: expiryMs, people: [] }];
}

interface Here {
  readonly now: number;
  readonly workflowId: string;
  readonly execution: string;
}

/** Who signed is settled first: what follows is said about a known person's own words. */
function judge(request: JudgeRequest, key: ApproverKey | undefined, here: Here): Verdict {
  const { answer } = request;
  if (key === undefined) return refuse('unknown-key', `key ${JSON.stringify(answer.key)} is not in the key ring`);
  if (!signedBy(key, answer)) return refuse('wrong-signature', `not signed by key ${key.id}`);
  const problem = keyProblem(key, here.now);
  if (problem !== null) return refuse(problem.refusal, `key ${key.id} ${problem.detail}`);
  const payload = payloadOf(answer.payload);
  if (typeof payload === 'string') return refuse('malformed', payload);
  return (
    mismatch(request, payload, key, here) ??
    notAllowed(request, payload, key) ?? {
      valid: true,
      decision: payload.decision,
      person: key.person,
      key: key.id,
      nonce: payload.nonce,
      reason: payload.reason,
      execution: here.execution,
    }
  );
}

/** What is signed, against what is asked. */
function mismatch(request: JudgeRequest, payload: AnswerPayload, key: ApproverKey, here: Here): Verdict | null {
  const { question, decisions } = request;
  if (!decisions.includes(payload.decision))
    return refuse('other-decision', `signed to ${payload.decision}, sent to ${decisions.join(' | ')}`);
  if (payload.person !== key.person) return refuse('other-person', `key ${key.id} is of ${key.person}`);
  if (payload.workflowId !== here.workflowId) return refuse('other-workflow', `signed for ${payload.workflowId}`);
  if (payload.runId !== request.runId) return refuse('other-run', `signed for run ${payload.runId}`);
  if (payload.execution !== here.execution)
    return refuse('before-reset', `signed for execution ${payload.execution}, this one is ${here.execution}`);
  if (payload.planHash !== question.planHash) return refuse('other-plan', `signed for plan ${payload.planHash}`);
  if (payload.expiresAt !== question.expiresAt) return refuse('other-question', 'signed for another question');
  if (here.now >= question.expiresAt) return refuse('expired', 'the question is no longer open');
  if (request.used.includes(payload.nonce)) return refuse('replayed', 'this answer has been given before');
  return null;
}

function notAllowed(
  { startedBy, approvedBy }: JudgeRequest,
  { decision }: AnswerPayload,
  key: ApproverKey,
): Verdict | null {
  if (decision === 'deny') return null;
  if (startedBy === null) return refuse('requester', 'started by hand by nobody knows whom: nobody can approve it');
  const names = [key.person, key.login ?? key.person].map((name) => name.toLowerCase());
  if (startedBy !== undefined && names.includes(startedBy.toLowerCase()))
    return refuse('requester', `${key.person} started this run`);
  if (approvedBy.includes(key.person)) return refuse('twice', `${key.person} has approved already`);
  return null;
}

/** A key that cannot be used signs nothing. */
function signedBy(key: ApproverKey, { payload, signature }: SignedAnswer): boolean {
  try {
    return verify(null, Buffer.from(signedText(payload)), publicKeyOf(key.publicKey), Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

/** Rejects what is no Ed25519 key. */
export function publicKeyOf(text: string): ReturnType<typeof createPublicKey> {
  const key = text.includes('-----BEGIN')
    ? createPublicKey(text)
    : createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`${key.asymmetricKeyType ?? 'unknown'} key, expected ed25519`);
  return key;
}

function keyProblem(key: ApproverKey, now: number): { readonly refusal: Refusal; readonly detail: string } | null {
  if (key.revoked !== undefined && now >= Date.parse(key.revoked))
    return { refusal: 'revoked-key', detail: `was revoked at ${key.revoked}` };
  if (key.expires !== undefined && now >= Date.parse(key.expires))
    return { refusal: 'expired-key', detail: `expired at ${key.expires}` };
  return null;
}

const refuse = (refusal: Refusal, detail: string): Verdict => ({ valid: false, refusal, detail });
