/** `tocsin intake | trigger | worker`: one role in one process, as production runs it. Waits for its servers; ends on a signal. */
import type { StreamSpec } from '../../triggers/nats/topology.ts';
import { chosenRegions, loadConfig } from '../config.ts';
import { openLog, openTemporal, until } from '../connect.ts';
import { EXIT } from '../exit-code.ts';
import { missingSearchAttributes, topologyOf } from '../provision.ts';
import { refuseDevServer, refuseUnsafe } from '../production.ts';
import { startIntakeRole } from '../roles/intake-role.ts';
import { type RoleContext, openRoleContext } from '../roles/role-context.ts';
import { startTriggerRole } from '../roles/trigger-role.ts';
import { startWorkerRole } from '../roles/worker-role.ts';
import { keepAccess } from '../temporal-access.ts';
import type { TemporalConnection } from '../temporal-connection.ts';

export interface RoleCommand {
  readonly configFile?: string;
  /** All configured regions when empty. */
  readonly regions: readonly string[];
}

export const intake = (options: RoleCommand): Promise<number> =>
  inRole(options, async (context, regions) => {
    const { config, logger, instance } = context;
    const log = await openLog(config, 'ingest', `tocsin intake ${instance}`, context, regions.slice(0, 1));
    await untilTopology(context, log, storesOf(topologyOf(config, regions.slice(0, 1))));
    const url = await startIntakeRole(context, { region: regions[0] ?? '', log });
    logger.info({ url, region: regions[0] }, 'intake listens');
  });

export const trigger = (options: RoleCommand): Promise<number> =>
  inRole(options, async (context, regions) => {
    const { config, instance } = context;
    const temporal = await openTemporal(config, context);
    await refuseDevServer(config, temporal);
    const access = keepAccess(context, temporal);
    const log = await openLog(config, 'trigger', `tocsin trigger ${instance}`, context, regions);
    await untilTopology(context, log, topologyOf(config, regions));
    await untilSearchAttributes(context, temporal);
    await startTriggerRole(context, { regions, log, temporal, access });
  });

export const worker = (options: RoleCommand & { readonly runbooks: boolean }): Promise<number> =>
  inRole(options, async (context, regions) => {
    const { config, instance } = context;
    const temporal = await openTemporal(config, context);
    await refuseDevServer(config, temporal);
    const access = keepAccess(context, temporal);
    // A runbook worker publishes what schedules fire, in any region.
    const stored = options.runbooks ? config.regions : regions;
    const log = await openLog(config, 'worker', `tocsin worker ${instance}`, context, stored);
    await startWorkerRole(context, { temporal, access, log, runbooks: options.runbooks, regions });
  });

async function inRole(
  options: RoleCommand,
  start: (context: RoleContext, regions: readonly string[]) => Promise<void>,
): Promise<number> {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const regions = chosenRegions(config, options.regions);
  await refuseUnsafe(config);
  const context = await openRoleContext(config, { configFile: options.configFile });
  try {
    await start(context, regions);
    context.health.started();
    await context.lifecycle.closing;
  } catch (error) {
    // Asked to end while it still waited for a server: that is an end like any other.
    if (!context.lifecycle.signal.aborted) throw error;
  } finally {
    await context.lifecycle.close('done');
  }
  return EXIT.ok;
}

/** A role never creates streams; it waits until somebody has (`tocsin up`, `tocsin topology --apply`). */
const untilTopology = (
  { lifecycle, logger }: RoleContext,
  log: Awaited<ReturnType<typeof openLog>>,
  specs: readonly StreamSpec[],
): Promise<void> =>
  until('the streams (`tocsin topology` shows what differs)', { lifecycle, logger }, async () => {
    const differences = await log.ensureTopology(specs, false);
    // What merely differs is for an operator to judge; what is missing would be stumbled over.
    const missing = differences.filter((line) => line.endsWith(': missing'));
    if (missing.length > 0) throw new Error(missing.join('; '));
  });

/** All that intake writes to, and all that it may look at. */
const storesOf = (specs: readonly StreamSpec[]): readonly StreamSpec[] =>
  specs.filter(({ name }) => name.startsWith('EVENTS_')).map((spec) => ({ ...spec, consumers: [] }));

/** Without them Temporal refuses every start as malformed, which would bury every event. */
const untilSearchAttributes = ({ lifecycle, logger }: RoleContext, temporal: TemporalConnection): Promise<void> =>
  until('the search attributes (`tocsin topology --apply` registers them)', { lifecycle, logger }, async () => {
    const missing = await missingSearchAttributes(temporal);
    if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`);
  });
