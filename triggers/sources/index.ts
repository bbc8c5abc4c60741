/** The kinds of senders Tocsin understands. A new one is one file and one line in the list of direct sources, or here if it carries others. */
import { awsSqs } from './aws-sqs.ts';
import { directSources } from './direct-sources.ts';
import { gcp } from './gcp.ts';
import type { Source } from './source.ts';

export const sources: ReadonlyMap<string, Source> = new Map(
  [...directSources, awsSqs, gcp].map((source) => [source.kind, source]),
);
