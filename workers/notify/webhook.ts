/** Generic webhook: one JSON document per message, signed as Standard Webhooks says when a secret is configured. */
import { createHmac } from 'node:crypto';
import { keyOf } from '../../triggers/intake/signatures/standard-webhooks.ts';
import type { Channel, Message } from './channel.ts';
import { messageText } from './message-text.ts';
import { postJson } from './post-json.ts';

export interface WebhookOptions {
  readonly url: URL;
  /** `whsec_<base64>`, or the key as plain text. */
  readonly secret: string | null;
}

export const createWebhookChannel = ({ url, secret }: WebhookOptions): Channel => ({
  name: `webhook ${url.host}`,
  send: (message, signal) => {
    const body = JSON.stringify({ id: message.id, ...message.lead, ...rest(message) });
    const headers = secret === null ? { 'webhook-id': message.id } : signature(secret, message.id, body);
    return postJson({ url, body, headers }, signal);
  },
});

/** Notices in full beside the first: with all that may wait, a message would be larger than many a receiver takes (nginx: 1 MiB), again and again. */
const MAX_MORE = 50;

const rest = (message: Message) => ({
  ...messageText(message),
  at: new Date(message.lead.at).toISOString(),
  unlisted: Math.max(0, message.more.length - MAX_MORE),
  more: message.more.slice(0, MAX_MORE).map(({ at, ...told }) => ({ ...told, at: new Date(at).toISOString() })),
  dropped: message.dropped,
  undelivered: message.undelivered,
});

function signature(secret: string, id: string, body: string): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const key = keyOf(secret);
  const hmac = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${hmac}` };
}
