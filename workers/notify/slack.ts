/** Slack incoming webhook. Foreign text goes into plain-text objects or is escaped, so that it can neither mention anybody nor pose as a link. */
import type { Channel, Message } from './channel.ts';
import { messageText } from './message-text.ts';
import { clip } from './plain.ts';
import { postJson } from './post-json.ts';

export interface SlackOptions {
  /** The whole address is the secret. */
  readonly url: URL;
}

/** Slack's own bounds, in characters. */
const MAX_HEADER = 150;
const MAX_SECTION = 3_000;

const SIGNS = { critical: '🔴', warning: '🟠', info: '🔵' } as const;

export const createSlackChannel = ({ url }: SlackOptions): Channel => ({
  name: `slack ${url.host}`,
  send: (message, signal) => postJson({ url, body: JSON.stringify(payload(message)) }, signal),
});

function payload(message: Message): object {
  const { severity, link } = message.lead;
  const { title, text } = messageText(message);
  const sections = [
    { type: 'header', text: plain(`${SIGNS[severity]} ${title}`, MAX_HEADER) },
    { type: 'section', text: plain(text, MAX_SECTION) },
    { type: 'section', text: { type: 'mrkdwn', text: link === null ? '' : `<${inLink(link)}|Open>` } },
  ];
  return {
    // Shown by notifications of the desktop.
    text: `${severity}: ${escape(title)}`,
    blocks: sections.filter((section) => section.text.text !== ''),
    unfurl_links: false,
  };
}

const plain = (text: string, max: number) => ({ type: 'plain_text', text: clip(text, max), emoji: false });

/** Slack's three characters of control. */
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const inLink = (link: string): string => escape(link).replaceAll('|', '%7C');
