/**
 * SNS asks an endpoint to confirm its subscription by visiting an address. The address is handed on only when it is Amazon's own: anything
 * else would let a stranger choose what this server connects to.
 */
import { type Json, textOf } from './read.ts';
import { refuseAll } from './refuse.ts';
import type { SourceResult } from './source.ts';

export const isConfirmation = (body: Json): boolean =>
  body['Type'] === 'SubscriptionConfirmation' || body['Type'] === 'UnsubscribeConfirmation';

const ANSWER = { status: 200, body: { ok: true } } as const;

/** The end of a subscription is only acknowledged: its SubscribeURL would undo what somebody wanted. */
export function confirmation(body: Json): SourceResult {
  if (body['Type'] === 'UnsubscribeConfirmation')
    return { events: [], rejected: [], control: { kind: 'subscription', answer: ANSWER } };
  const confirmUrl = textOf(body['SubscribeURL']);
  if (confirmUrl === null)
    return refuseAll('missing-subscribe-url', '/SubscribeURL', 'expected the address that confirms the subscription');
  if (!isAmazonSns(confirmUrl))
    return refuseAll('untrusted-subscribe-url', '/SubscribeURL', 'expected https://sns.<region>.amazonaws.com/');
  return { events: [], rejected: [], control: { kind: 'subscription', answer: ANSWER, confirmUrl } };
}

/** The host of the SNS of one region, over https, without any port or user that could lead elsewhere. */
export function isAmazonSns(address: string): boolean {
  if (!/^https:\/\/[\x21-\x7e]+$/.test(address) || address.includes('\\') || !URL.canParse(address)) return false;
  const { protocol, hostname, port, username, password } = new URL(address);
  return (
    protocol === 'https:' &&
    /^sns\.[a-z]{2,}(?:-[a-z]+)+-\d+\.amazonaws\.com(?:\.cn)?$/.test(hostname) &&
    port === '' &&
    username === '' &&
    password === ''
  );
}
