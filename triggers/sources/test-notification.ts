/** What the button "Test" of a sender is answered; it starts nothing. */
import type { SourceResult } from './source.ts';

export const TEST: SourceResult = {
  events: [],
  rejected: [],
  control: { kind: 'test', answer: { status: 200, body: { ok: true } } },
};
