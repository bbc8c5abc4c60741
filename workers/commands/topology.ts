/**
 * `tocsin topology`: what the servers lack or have otherwise than configured; changed only with `--apply`. Exit code 1: they differ.
 * With `--nats-config`: users with least privilege, for the operator of the NATS server.
 */
import { natsPermissions } from '../../triggers/nats/permissions.ts';
import { natsServerConfig } from '../../triggers/nats/server-config.ts';
import { actStream } from '../../triggers/nats/subject.ts';
import { chosenRegions, loadConfig } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import { missingSearchAttributes, provisionSearchAttributes, topologyOf } from '../provision.ts';
import { recordAct } from '../record-act.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';

export interface TopologyCommand extends CommonOptions {
  readonly apply: boolean;
}

export const topology = (options: TopologyCommand): Promise<number> =>
  withSession(options, async (session) => {
    const log = await session.log();
    const temporal = await session.temporal();
    const differences = [
      ...(await log.ensureTopology(topologyOf(session.config), false)),
      ...(await missingSearchAttributes(temporal)).map((name) => `search attribute ${name}: missing`),
    ];
    if (options.apply && differences.length > 0) await apply(session, differences);
    const lines = differences.map((line) => `${options.apply ? 'changed' : 'differs'}  ${line}`);
    output(options, { differences, applied: options.apply }, lines.join('\n') || 'the servers are as configured');
    return differences.length === 0 || options.apply ? EXIT.ok : EXIT.failed;
  });

/** Its line comes first, but in a region that had no operator log until now. */
async function apply(session: Session, differences: readonly string[]): Promise<void> {
  const { config } = session;
  const [log, temporal] = [await session.log(), await session.temporal()];
  const isNew = (region: string): boolean => differences.includes(`stream ${actStream(region)}: missing`);
  const act = { what: 'topology --apply', where: 'streams and search attributes', why: differences.join('; ') };
  const record = (regions: readonly string[]): Promise<void> => recordAct(log, regions, act);
  await record(config.regions.filter((region) => !isNew(region)));
  await log.ensureTopology(topologyOf(config), true);
  await record(config.regions.filter(isNew));
  await provisionSearchAttributes(temporal, () => undefined);
}

/** Without network: it is asked for before there is a server. */
export function natsConfig(options: CommonOptions & { readonly region?: string }): number {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const regions = chosenRegions(config, [options.region]);
  output(options, natsPermissions(regions), natsServerConfig(regions));
  return EXIT.ok;
}
