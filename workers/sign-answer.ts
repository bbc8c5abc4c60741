/** Signs an answer to the question of a run, in the form that the run's worker checks. */
import { randomBytes, sign } from 'node:crypto';
import { type AnswerPayload, type SignedAnswer, signedText } from '../workflows/kit/approval-message.ts';
import { canonical } from '../workflows/kit/canonical.ts';
import type { SigningKey } from './approval-key.ts';

export type Unsigned = Omit<AnswerPayload, 'v' | 'nonce' | 'person'>;

export function signAnswer({ entry, privateKey }: SigningKey, answer: Unsigned): SignedAnswer {
  const payload = canonical({ ...answer, v: 1, nonce: randomBytes(16).toString('hex'), person: entry.person });
  const signature = sign(null, Buffer.from(signedText(payload)), privateKey).toString('base64');
  return { payload, key: entry.id, signature };
}
