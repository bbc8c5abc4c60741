/** How every sender is answered that has no dialect of its own: by the status alone, with the reasons for whoever reads them. */
import type { Outcome } from '../receive.ts';
import { type Answer, RETRY_AFTER_S } from './answer.ts';

export function plainAnswer(outcome: Outcome): Answer {
  switch (outcome.kind) {
    case 'accepted': {
      const { stored, rejected } = outcome;
      const duplicates = stored.filter(({ ack }) => ack.duplicate).length;
      return { status: 202, body: { accepted: stored.length, duplicates, rejected } };
    }
    case 'repeated':
      return { status: 202, body: { accepted: 0, duplicates: 0, rejected: [], repeated: true } };
    case 'rejected': {
      const { reason, place, message } = outcome.first;
      const { rejected } = outcome;
      return { status: 400, body: { accepted: 0, duplicates: 0, rejected, error: { reason, place, message } } };
    }
    case 'control':
      return { status: outcome.status, body: outcome.body };
    case 'refused':
      return {
        ...refusal(outcome.status, outcome.reason, outcome.message),
        ...(outcome.challenge === undefined ? {} : { headers: { 'www-authenticate': outcome.challenge } }),
      };
    case 'come-again':
      return comeAgain(outcome.reason, outcome.message);
  }
}

export const refusal = (status: number, reason: string, message: string): Answer => ({
  status,
  body: { error: { reason, place: '', message } },
});

/** 503 is the one status that every sender repeats. */
export const comeAgain = (reason: string, message: string): Answer => ({
  ...refusal(503, reason, message),
  headers: { 'retry-after': String(RETRY_AFTER_S) },
});
