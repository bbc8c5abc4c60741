/** A disposition in words, for the live story and for `tocsin explain`. */
import type { Disposition } from '../triggers/path/disposition.ts';

export function sentence(disposition: Disposition): string {
  const { trigger } = disposition;
  switch (disposition.kind) {
    case 'started':
      return `${trigger} started ${disposition.workflowId}`;
    case 'joined':
      return `${trigger} joined ${disposition.workflowId} (${disposition.run})`;
    case 'ignored':
      return `${trigger} ignored it: ${disposition.reason}${disposition.detail === undefined ? '' : `, ${disposition.detail}`}`;
    case 'held':
      return `${trigger} held it (${disposition.reason}): ${disposition.detail}`;
    case 'dead':
      return `dead letter${trigger === '' ? '' : ` for ${trigger}`}: ${disposition.reason}, ${disposition.message}`;
  }
}
