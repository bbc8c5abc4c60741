/** `tocsin raw`: the bytes of the request that an event came in, as they came. */
import { isObject } from '../../triggers/sources/read.ts';
import { parseJson } from '../../triggers/events/json.ts';
import { readRaw } from '../../triggers/intake/raw-store.ts';
import type { EventLog, StoredMessage } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { type Config, chosenRegions, durationMs } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface RawCommand extends CommonOptions {
  /** Event id, `<region>/<sequence>`, or a reference as the event has it. */
  readonly event: string;
  readonly since: string;
  readonly region?: string;
}

/** Exit code 1 when there is no such event, or its request is not kept (any more). */
export const raw = (options: RawCommand): Promise<number> =>
  withSession(options, async ({ config, log }) => {
    const events = await log();
    const ref = options.event.startsWith('raw:') ? options.event : await refOf(events, config, options);
    const found = ref === null ? null : await readRaw(events, ref);
    if (found === null)
      throw new CommandError(
        EXIT.failed,
        ref === null
          ? `${JSON.stringify(options.event)} has no request: it was published on NATS, or by an older version`
          : `the request of ${JSON.stringify(options.event)} is not kept any more: it is older than its stream keeps, or made room for newer ones`,
      );
    const { sha256, contentType, bytes } = found;
    if (options.json)
      output(
        options,
        { sha256, contentType, bytes: bytes.length, data_base64: Buffer.from(bytes).toString('base64') },
        '',
      );
    else process.stdout.write(bytes);
    return EXIT.ok;
  });

/** Null for an event without a reference; rejects when there is no such event. */
async function refOf(log: EventLog, config: Config, options: RawCommand): Promise<string | null> {
  const message = await messageOf(log, config, options);
  if (message === null)
    throw new CommandError(
      EXIT.failed,
      `no event ${JSON.stringify(options.event)} within ${options.since}; expected an event id or <region>/<sequence>; look further back with --since`,
    );
  const { value } = { value: null, ...parseJson(message.data) };
  if (!isObject(value)) return null;
  const kept =
    isObject(value['data']) && isObject(value['data']['raw']) ? value['data']['raw']['ref'] : value['rawref'];
  return typeof kept === 'string' ? kept : null;
}

async function messageOf(
  log: EventLog,
  config: Config,
  { event, since, region }: RawCommand,
): Promise<StoredMessage | null> {
  const regions = chosenRegions(config, [region]);
  const [, named = '', sequence] = /^([a-z0-9-]+)\/(\d{1,15})$/.exec(event) ?? [];
  if (sequence !== undefined && regions.includes(named)) return log.get(eventStream(named), Number(sequence));
  for (const each of regions)
    for await (const message of log.read({ stream: eventStream(each), since: Date.now() - durationMs(since) }))
      if (idOf(message) === event) return message;
  return null;
}

function idOf({ data }: StoredMessage): unknown {
  const parsed = parseJson(data);
  return parsed.ok && isObject(parsed.value) ? parsed.value['id'] : null;
}
