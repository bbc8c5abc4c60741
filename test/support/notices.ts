/** A notice, and what a channel is given for it; also one in which every text is hostile. */
import type { Message, Notice } from '../../workers/notify/channel.ts';
import { plainNotice } from '../../workers/notify/plain.ts';

/** Whatever a sender may put into an event, in every field that is text. */
const EVIL =
  'x\r\nBcc: eve@evil.test\r\n\r\n.\r\nQUIT <!channel> <https://evil.test|click> "},{"a":"b \u0000\u001b[2J\u202eexe ü🔔';
export const notice = (key: string, changes: Partial<Notice> = {}): Notice => ({
  key,
  severity: 'critical',
  title: `eu: run ${key} failed`,
  text: 'reason: still sick',
  link: 'http://ui.test/runs/1',
  at: Date.parse('2026-06-01T12:00:00Z'),
  ...changes,
});
export const message = (changes: Partial<Notice> = {}): Message => ({
  id: '0d9bb1f0-8d3f-4e39-a5a3-2a3a1ff6d4c1',
  lead: { ...plainNotice(notice('a', changes)), repeats: 0 },
  more: [],
  dropped: 0,
  undelivered: 0,
});
export const evil = message({ key: EVIL, title: EVIL, text: EVIL, link: `https://ui.test/<${EVIL}|>` });
