/** E-mail by SMTP. Foreign text is encoded in headers and body, so that it stays one subject and one text. */
import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Channel, Message } from './channel.ts';
import { messageText } from './message-text.ts';
import { type SmtpServer, sendMail } from './smtp.ts';

export interface EmailOptions {
  readonly server: SmtpServer;
  readonly from: string;
  readonly to: readonly string[];
  readonly logger: Logger;
}

/** Plain addresses only: what is none of these characters could end a command or a header. */
export const ADDRESS = "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$";

export function createEmailChannel({ server, from, to, logger }: EmailOptions): Channel {
  const wrong = [from, ...to].find((address) => !new RegExp(ADDRESS).test(address));
  if (wrong !== undefined || to.length === 0)
    throw new Error(`${JSON.stringify(wrong ?? to)} is no e-mail address; expected name@host`);
  const name = `email ${server.host}`;
  return {
    name,
    send: async (message, signal) => {
      const refused = await sendMail(server, { from, to, data: mailData(message, from, to) }, signal);
      if (refused.length > 0) logger.error({ channel: name, refused }, 'recipients refused by the mail server');
    },
  };
}

/** The whole mail. Base64 keeps every line short and none of the text's own. */
function mailData(message: Message, from: string, to: readonly string[]): string {
  const { key, severity, link, at } = message.lead;
  const { title, text } = messageText(message);
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const thread = createHash('sha256').update(key).digest('hex').slice(0, 32);
  const body = link === null ? text : `${text}\n\n${link}`;
  return [
    `From: Tocsin <${from}>`,
    `To: ${to.join(',\r\n ')}`,
    `Subject: ${encodedWords(`[${severity}] ${title}`)}`,
    `Date: ${new Date(at).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${message.id}@${domain}>`,
    `References: <${thread}@${domain}>`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    ...(Buffer.from(body.replaceAll('\n', '\r\n'))
      .toString('base64')
      .match(/.{1,76}/g) ?? []),
  ].join('\r\n');
}

/** In base64 a word of it is 64 characters. */
const MAX_WORD_BYTES = 39;

/** RFC 2047, folded: each word holds whole characters, and fits a line. */
function encodedWords(text: string): string {
  const words: string[] = [''];
  for (const character of text) {
    const longer = (words.at(-1) ?? '') + character;
    if (Buffer.byteLength(longer) <= MAX_WORD_BYTES) words[words.length - 1] = longer;
    else words.push(character);
  }
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ');
}
