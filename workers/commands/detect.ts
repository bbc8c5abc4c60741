/** `tocsin detect`: which sender wrote these files, and which events are in them. Needs no server and no configuration. */
import { readFileSync } from 'node:fs';
import { detect as detectBytes } from '../../triggers/sources/detect.ts';
import { EXIT } from '../exit-code.ts';
import { type CommonOptions, output } from './session.ts';

export interface DetectCommand extends CommonOptions {
  readonly files: readonly string[];
  /** `Name: value`, as a request would carry them. */
  readonly headers: readonly string[];
}

export function detect(options: DetectCommand): number {
  const headers = Object.fromEntries(
    options.headers.map((line) => {
      const at = line.indexOf(':');
      return at < 0
        ? [line.trim().toLowerCase(), '']
        : [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
  const receivedAt = new Date().toISOString();
  const answers = options.files.map((file) => ({ file, ...answerFor(file, headers, receivedAt) }));
  const lines = answers.flatMap(({ file, source, events, rejected }) => [
    `${file}: ${source ?? 'unknown'}`,
    ...events.map(({ type, id, partitionkey }) => `  ${type} ${partitionkey ?? id}`),
    ...rejected.map(({ reason, place, message }) => `  rejected ${place}: ${reason}, ${message}`),
  ]);
  output(options, answers, lines.join('\n'));
  return EXIT.ok;
}

function answerFor(file: string, headers: Readonly<Record<string, string>>, receivedAt: string) {
  try {
    return detectBytes(readFileSync(file), headers, receivedAt);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { source: null, events: [], rejected: [{ index: null, reason: 'cannot-read', place: '', message }] };
  }
}
