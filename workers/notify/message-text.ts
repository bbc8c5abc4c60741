/** A message as people read it; every channel shows the same words. */
import type { Message, Told } from './channel.ts';

const MAX_LISTED = 15;

export interface MessageText {
  readonly title: string;
  readonly text: string;
}

export function messageText({ lead, more, dropped, undelivered }: Message): MessageText {
  const listed = more.slice(0, MAX_LISTED).map((told) => `- ${told.severity}: ${told.title}${repeated(told)}`);
  const paragraphs = [
    lead.text,
    lead.repeats === 0 ? '' : `It came ${times(lead.repeats)} again since it was last told.`,
    more.length === 0 ? '' : [`And ${more.length} more:`, ...listed, ...unlisted(more.length)].join('\n'),
    dropped === 0 ? '' : `${count(dropped)} dropped before this one, because too many were waiting. The log has them.`,
    undelivered === 0 ? '' : `${count(undelivered)} could not be delivered here before this one. The log has them.`,
  ];
  return {
    title: more.length === 0 ? lead.title : `${lead.title} (and ${more.length} more)`,
    text: paragraphs.filter((paragraph) => paragraph !== '').join('\n\n'),
  };
}

const repeated = ({ repeats }: Told): string => (repeats === 0 ? '' : ` (${times(repeats)} again)`);

const unlisted = (total: number): string[] => (total > MAX_LISTED ? [`- ${total - MAX_LISTED} others`] : []);

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const count = (notices: number): string => (notices === 1 ? '1 notice' : `${notices} notices`);
