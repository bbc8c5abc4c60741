/**
 * `tocsin detect`: which sender wrote these files, and which events are in them. Needs no server, and no configuration unless it is asked
 * what one of its senders would make of them.
 */
import { readFileSync } from 'node:fs';
import { type Detected, type Reader, detect as detectBytes, detectAs } from '../../triggers/sources/detect.ts';
import { loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { sourceOf } from '../roles/configured-sender.ts';
import { senderTimes } from '../roles/sender-times.ts';
import { type CommonOptions, output } from './session.ts';

export interface DetectCommand extends CommonOptions {
  readonly files: readonly string[];
  /** `Name: value`, as a request would carry them. */
  readonly headers: readonly string[];
  /** Name of a configured sender: its kind, mapping and zone count, and nobody else is looked for. */
  readonly sender?: string | undefined;
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
  const reader = options.sender === undefined ? null : readerOf(options.sender, options);
  const readBytes = (raw: Uint8Array): Detected =>
    reader === null ? detectBytes(raw, headers, receivedAt) : detectAs(reader, raw, headers, receivedAt);
  const answers = options.files.map((file) => ({ file, ...answerFor(file, readBytes) }));
  const lines = answers.flatMap(({ file, source, events, rejected }) => [
    `${file}: ${source ?? 'unknown'}`,
    ...events.map(({ type, id, partitionkey }) => `  ${type} ${partitionkey ?? id}`),
    ...rejected.map(({ reason, place, message }) => `  rejected ${place}: ${reason}, ${message}`),
  ]);
  output(options, answers, lines.join('\n'));
  return EXIT.ok;
}

/** Its secrets are not asked for: nothing is proved here. */
function readerOf(name: string, { configFile }: CommonOptions): Reader {
  const { senders } = loadConfig(configFile === undefined ? {} : { file: configFile }).intake;
  const sender = senders.find((each) => each.name === name);
  if (sender !== undefined) return { name, source: sourceOf(sender), times: senderTimes(sender) };
  const known = senders.map((each) => each.name).join(', ') || 'none';
  throw new CommandError(EXIT.refused, `no sender is named ${JSON.stringify(name)}; configured: ${known}`);
}

function answerFor(file: string, readBytes: (raw: Uint8Array) => Detected): Detected {
  try {
    return readBytes(readFileSync(file));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { source: null, events: [], rejected: [{ index: null, reason: 'cannot-read', place: '', message }] };
  }
}
