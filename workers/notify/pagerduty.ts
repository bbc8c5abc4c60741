/** PagerDuty Events API v2: each notice key is one alert there; a repetition joins it. */
import type { Channel, Message } from './channel.ts';
import { messageText } from './message-text.ts';
import { clip } from './plain.ts';
import { postJson } from './post-json.ts';

export interface PagerDutyOptions {
  readonly url: URL;
  readonly routingKey: string;
  /** Host and process that tells, as PagerDuty's `source`. */
  readonly source: string;
}

/** Characters that PagerDuty takes. */
const MAX_SUMMARY = 1_024;

export const createPagerDutyChannel = ({ url, routingKey, source }: PagerDutyOptions): Channel => ({
  name: `pagerduty ${url.host}`,
  send: (message, signal) => {
    const body = JSON.stringify({ routing_key: routingKey, ...event(message, source) });
    return postJson({ url, body }, signal);
  },
});

function event(message: Message, source: string): object {
  const { key, severity, link, at } = message.lead;
  const { title, text } = messageText(message);
  return {
    event_action: 'trigger',
    // Several in one message: under the key of one of them the others would page nobody.
    dedup_key: message.more.length === 0 ? key : message.id,
    payload: {
      summary: clip(title, MAX_SUMMARY),
      source,
      severity,
      timestamp: new Date(at).toISOString(),
      component: 'tocsin',
      custom_details: { text },
    },
    links: link === null ? [] : [{ href: link, text: 'Open' }],
  };
}
