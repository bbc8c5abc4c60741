/** `tocsin emit`: stores events as the intake would, from a payload of any known kind or from a type and its data. */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseJson } from '../../triggers/events/json.ts';
import { accept } from '../../triggers/intake/accept.ts';
import { sources } from '../../triggers/sources/index.ts';
import { chosenRegions } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type ActRequest, recordAct } from '../record-act.ts';
import { type CommonOptions, output, withSession } from './session.ts';
import { project } from '../project.ts';

export interface EmitCommand extends CommonOptions {
  /** Payload file, or `-` for stdin. */
  readonly file?: string;
  readonly kind: string;
  readonly sender: string;
  readonly region?: string;
  /** For a plain event without a payload file. */
  readonly type?: string;
  readonly data?: string;
  readonly id?: string;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = { cloudevents: 'application/cloudevents+json' };

export const emit = (options: EmitCommand): Promise<number> =>
  withSession(options, async (session) => {
    const source = sources.get(options.kind);
    if (source === undefined)
      throw new CommandError(
        EXIT.refused,
        `kind ${options.kind} is unknown; expected one of ${[...sources.keys()].join(', ')}`,
      );
    const [region = ''] = chosenRegions(session.config, [options.region]);
    const raw = options.file === undefined ? composed(options) : readFileSync(options.file === '-' ? 0 : options.file);
    await recordAct(await session.log(region), [region], actOf(options, raw));
    const accepted = await accept(
      {
        sender: options.sender,
        headers: {},
        contentType: MEDIA_TYPES[options.kind] ?? 'application/json',
        raw,
        receivedAt: new Date().toISOString(),
      },
      source,
      { log: await session.log(region), region, knownTypes: new Set(project.triggers.map(({ on }) => on.type)) },
    );
    if (accepted.kind !== 'read')
      throw new CommandError(EXIT.refused, `kind ${options.kind} does not take this media type`);
    const stored = accepted.stored.map(({ event, ack }) => ({
      id: event.id,
      type: event.type,
      stream: ack.stream,
      sequence: ack.sequence,
      duplicate: ack.duplicate,
    }));
    const lines = [
      ...stored.map(
        ({ id, type, stream, sequence, duplicate }) =>
          `${stream} #${sequence}  ${type}  ${id}${duplicate ? '  (a copy)' : ''}`,
      ),
      ...accepted.rejected.map(
        ({ index, reason, place, message }) => `rejected ${index ?? ''}${place}: ${reason}, ${message}`,
      ),
    ];
    output(options, { stored, rejected: accepted.rejected }, lines.join('\n'));
    return accepted.rejected.length === 0 ? EXIT.ok : EXIT.failed;
  });

/** What was sent is told by its hash: event data does not belong into the log. */
const actOf = ({ kind, sender, type }: EmitCommand, raw: Uint8Array): ActRequest => ({
  what: 'emit',
  where: `sender ${sender}`,
  why: `${type ?? kind}, sha256 ${createHash('sha256').update(raw).digest('hex')}`,
});

function composed({ type, data, id, sender }: EmitCommand): Uint8Array {
  if (type === undefined) throw new CommandError(EXIT.refused, 'expected a payload file, `-` for stdin, or --type');
  const event = {
    specversion: '1.0',
    // By hand, each call is something new unless its id is given.
    id: id ?? randomUUID(),
    source: `tocsin:/in/${sender}`,
    type,
    time: new Date().toISOString(),
    ...(data === undefined ? {} : { data: dataOf(data) }),
  };
  return Buffer.from(JSON.stringify(event));
}

/** Read as the intake reads a body, so that large numbers keep their digits. */
function dataOf(text: string): unknown {
  const parsed = parseJson(Buffer.from(text));
  if (parsed.ok) return parsed.value;
  throw new CommandError(EXIT.refused, `--data${parsed.place}: ${parsed.reason}, expected JSON`);
}
