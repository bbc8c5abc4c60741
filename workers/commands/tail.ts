/** `tocsin tail`: events as they are stored, and what becomes of each, until it is stopped. */
import type { StoredMessage } from '../../triggers/nats/port.ts';
import { eventStream, ledgerStream } from '../../triggers/nats/subject.ts';
import { decode } from '../../triggers/path/decode.ts';
import type { EventRecord, LedgerRecord } from '../../triggers/path/disposition.ts';
import { positionOf, summary } from '../../triggers/path/event-record.ts';
import { decodeJson } from '../../triggers/path/json-bytes.ts';
import { durationMs } from '../config.ts';
import { sentence } from '../disposition-text.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import type { RegionPath } from '../region-path.ts';
import { exitCodeOf, missingLines, someOf } from './region-answers.ts';
import { type CommonOptions, withSession } from './session.ts';
import { project } from '../project.ts';

export interface TailCommand extends CommonOptions {
  readonly region?: string;
  /** Begin so long ago; from now on by default. */
  readonly since?: string;
  /** End after so many lines. */
  readonly limit?: string;
  readonly sender?: string;
  readonly trigger?: string;
  /** A disposition: started, joined, ignored, held, dead, or filtered where no trigger matched. */
  readonly disposition?: string;
  /** `label=value`. */
  readonly label?: string;
}

interface Line {
  readonly kind: 'stored' | 'decided';
  readonly region: string;
  readonly sequence: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly event: EventRecord['event'];
  readonly episode: EventRecord['episode'];
  readonly dispositions: EventRecord['dispositions'];
}

const KNOWN = new Set(project.triggers.map(({ on }) => on.type));
const DISPOSITIONS = ['started', 'joined', 'ignored', 'held', 'dead', 'filtered'];

/** With `json` one document per line. A region that fails is named at once; the others are followed, and it decides the exit code: 3 when it is away. */
export const tail = (options: TailCommand): Promise<number> =>
  withSession(options, async (session) => {
    const wanted = wantedBy(options);
    const most = limitOf(options);
    const end = new AbortController();
    const stop = (): void => end.abort();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
    // Whoever reads has seen enough (`| head`).
    process.stdout.once('error', stop);
    let shown = 0;
    const show = (line: Line): void => {
      if (end.signal.aborted || !wanted(line)) return;
      process.stdout.write(`${options.json ? JSON.stringify(line) : textOf(line)}\n`);
      if ((shown += 1) >= most) stop();
    };
    try {
      const since = options.since === undefined ? {} : { since: Date.now() - durationMs(options.since) };
      const { found: paths, missing } = someOf(await session.inEach([options.region], async (path) => path));
      for (const line of missingLines(missing)) process.stderr.write(`${line}\n`);
      await Promise.all(
        paths.flatMap((path) => [
          each(path, eventStream(path.region), storedLine, { ...since, signal: end.signal }, show),
          each(path, ledgerStream(path.region), decidedLine, { ...since, signal: end.signal }, show),
        ]),
      );
      return exitCodeOf({ missing });
    } finally {
      stop();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, stop);
    }
  });

async function each(
  { region, log }: RegionPath,
  stream: string,
  read: (region: string, message: StoredMessage) => Line | null,
  how: { readonly since?: number; readonly signal: AbortSignal },
  show: (line: Line) => void,
): Promise<void> {
  for await (const message of log.follow({ stream, ...how })) {
    const line = read(region, message);
    if (line !== null) show(line);
  }
}

function storedLine(region: string, message: StoredMessage): Line {
  const decoded = decode(message, KNOWN, Date.now());
  const event = decoded.ok
    ? summary(decoded, positionOf(message))
    : { id: '', type: '', source: '', alertKey: null, title: `unreadable: ${decoded.reason}`, labels: {} };
  const at = new Date(message.storedAt).toISOString();
  return { kind: 'stored', region, sequence: message.sequence, at, event, episode: null, dispositions: [] };
}

/** Null for the record of a run. */
function decidedLine(region: string, { data }: StoredMessage): Line | null {
  const record = decodeJson<LedgerRecord>(data);
  if (record.kind !== 'event') return null;
  const { position, event, episode, dispositions, recordedAt } = record;
  return { kind: 'decided', region, sequence: position.sequence, at: recordedAt, event, episode, dispositions };
}

function wantedBy({ sender, trigger, disposition, label }: TailCommand): (line: Line) => boolean {
  if (disposition !== undefined && !DISPOSITIONS.includes(disposition))
    throw new CommandError(
      EXIT.refused,
      `disposition ${disposition} is unknown; expected one of ${DISPOSITIONS.join(', ')}`,
    );
  const [name = '', value] = label?.split(/=(.*)/s) ?? [];
  if (label !== undefined && value === undefined)
    throw new CommandError(EXIT.refused, `label ${JSON.stringify(label)}: expected name=value`);
  return ({ kind, event, dispositions }) =>
    (sender === undefined || event.source === `tocsin:/in/${sender}`) &&
    (label === undefined || event.labels[name] === value) &&
    (trigger === undefined || dispositions.some((each) => each.trigger === trigger)) &&
    (disposition === undefined ||
      (disposition === 'filtered'
        ? kind === 'decided' && dispositions.length === 0
        : dispositions.some((each) => each.kind === disposition)));
}

function limitOf({ limit }: TailCommand): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,8}$/.test(limit))
    throw new CommandError(EXIT.refused, `limit ${JSON.stringify(limit)}: expected a number above 0`);
  return Number(limit);
}

function textOf({ kind, region, sequence, at, event, episode, dispositions }: Line): string {
  const head = `${at}  ${region} #${sequence}  ${event.title ?? event.type}`;
  const what = event.alertKey ?? event.id;
  if (kind === 'stored') return `${head}  stored: ${event.type} ${what}`;
  const effect = episode === null ? '' : `episode ${episode.generation} ${episode.effect}; `;
  const decided = dispositions.length === 0 ? 'no trigger matched' : dispositions.map(sentence).join('; ');
  return `${head}  ${effect}${decided}`;
}
