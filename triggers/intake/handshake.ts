/**
 * Before some senders of CloudEvents send anything (Azure Event Grid), they ask with OPTIONS whether they may. It is no authentication, which
 * every delivery still has to show. Format: cloudevents/spec http-webhook.md, abuse protection.
 */
import type { Source } from '../sources/source.ts';
import type { Answer } from './answers/answer.ts';

/** Null for who does not ask, and for kinds whose senders never do. */
export function handshake({ kind }: Source, headers: Readonly<Record<string, string>>): Answer | null {
  const origin = headers['webhook-request-origin'];
  if (kind !== 'cloudevents' || origin === undefined) return null;
  return {
    status: 200,
    headers: { allow: 'POST', 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' },
    body: {},
  };
}
