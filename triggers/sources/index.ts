/** The kinds of senders Tocsin understands. A new one is one file and one line here. */
import { alertmanager } from './alertmanager.ts';
import { cloudevents } from './cloudevents.ts';
import type { Source } from './source.ts';

export const sources: ReadonlyMap<string, Source> = new Map(
  [alertmanager, cloudevents].map((source) => [source.kind, source]),
);
