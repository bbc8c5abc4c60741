/**
 * What the servers must have before anything flows: streams and consumers of every region, and our search attributes. What is missing
 * is created and named; what is there and differs is never changed here.
 */
import type { EventLog } from '../triggers/nats/port.ts';
import { type StreamSpec, regionTopology } from '../triggers/nats/topology.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/kit/run-context.ts';
import { type Config, durationMs } from './config.ts';
import { CommandError, EXIT } from './exit-code.ts';
import type { TemporalClient } from './temporal-connection.ts';

/** Temporal's number for the type Keyword. */
const KEYWORD = 2;
const CALL_TIMEOUT_MS = 10_000;

export const topologyOf = (config: Config, regions = config.regions as readonly string[]): readonly StreamSpec[] =>
  regions.flatMap((region) =>
    regionTopology(region, {
      duplicateWindowMs: durationMs(config.nats.duplicateWindow),
      replicas: config.nats.replicas,
      ackWaitMs: durationMs(config.trigger.ackWait),
    }),
  );

/** Rejects with the difference when something is there and not as specified; `tocsin topology --apply` changes it. */
export async function provisionStreams(config: Config, log: EventLog, report: (line: string) => void): Promise<void> {
  const specs = topologyOf(config);
  const differences = await log.ensureTopology(specs, false);
  const changed = differences.filter((line) => !line.endsWith(': missing'));
  if (changed.length > 0) {
    const lines = changed.map((line) => `  ${line}`).join('\n');
    throw new CommandError(
      EXIT.refused,
      `the streams differ from the configuration:\n${lines}\nRun \`tocsin topology --apply\` to change them, or change the configuration.`,
    );
  }
  if (differences.length === 0) return;
  const made = await log.ensureTopology(specs, true);
  report(`created ${made.length} streams and consumers for regions ${config.regions.join(', ')}`);
}

/** Registers the search attributes that are missing; one that exists with another type is refused by name. */
export async function provisionSearchAttributes(
  temporal: TemporalClient,
  report: (line: string) => void,
): Promise<void> {
  const missing = await missingSearchAttributes(temporal);
  if (missing.length === 0) return;
  await addSearchAttributes(temporal, missing);
  report(`registered search attributes ${missing.join(', ')}`);
}

export const addSearchAttributes = (
  { client, operatorService, namespace }: TemporalClient,
  names: readonly string[],
): Promise<unknown> =>
  client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
    operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(names.map((name) => [name, KEYWORD])),
    }),
  );

export async function missingSearchAttributes({
  client,
  operatorService,
  namespace,
}: TemporalClient): Promise<string[]> {
  const { customAttributes } = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
    operatorService.listSearchAttributes({ namespace }),
  );
  for (const name of SEARCH_ATTRIBUTES) {
    const type: unknown = customAttributes[name];
    if (type === undefined || type === KEYWORD || type === 'INDEXED_VALUE_TYPE_KEYWORD') continue;
    throw new CommandError(
      EXIT.refused,
      `search attribute ${name} of namespace ${namespace} has type ${JSON.stringify(type)}, expected Keyword`,
    );
  }
  return SEARCH_ATTRIBUTES.filter((name) => !(name in customAttributes));
}
