/** Foreign text made harmless before any channel sees it: bounded, well formed, without characters that steer a terminal, a header or a reader. */
import { createHash } from 'node:crypto';
import type { Notice } from './channel.ts';

const MAX_KEY = 200;
const MAX_TITLE = 200;
const MAX_TEXT = 2_500;
const MAX_LINK = 2_000;

export const plainNotice = (notice: Notice): Notice => ({
  ...notice,
  key: shortKey(notice.key),
  title: oneLine(notice.title, MAX_TITLE),
  text: clip(notice.text.replaceAll(/\r\n?/g, '\n').toWellFormed().replaceAll(STEERING, ''), MAX_TEXT),
  link: webAddress(notice.link),
});

/** Controls except tab and line feed, line and paragraph separators, and what turns the direction of writing. */
const STEERING = /(?![\t\n])[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text without line breaks and controls, at most `max` characters. */
export const oneLine = (text: string, max: number): string =>
  clip(
    text
      .toWellFormed()
      .replaceAll(/[\s\u2028\u2029]+/g, ' ')
      .replaceAll(STEERING, '')
      .trim(),
    max,
  );

/** Never cuts a character in half. */
export const clip = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`;

/** A long key keeps its beginning for people and gets a hash, so that no two become one. */
function shortKey(key: string): string {
  const plain = oneLine(key, Infinity);
  if (plain === key && key.length <= MAX_KEY) return key;
  return `${plain.slice(0, MAX_KEY - 17).toWellFormed()}#${createHash('sha256').update(key).digest('hex').slice(0, 16)}`;
}

function webAddress(link: string | null): string | null {
  if (link === null || link.length > MAX_LINK || !URL.canParse(link)) return null;
  const { protocol, href } = new URL(link);
  return /^https?:$/.test(protocol) ? href : null;
}
