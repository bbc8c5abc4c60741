/** `tocsin topology`: what the servers lack or have otherwise than configured; changed only with `--apply`. Exit code 1: they differ. */
import { EXIT } from '../exit-code.ts';
import { missingSearchAttributes, provisionSearchAttributes, topologyOf } from '../provision.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface TopologyCommand extends CommonOptions {
  readonly apply: boolean;
}

export const topology = (options: TopologyCommand): Promise<number> =>
  withSession(options, async (session) => {
    const log = await session.log();
    const temporal = await session.temporal();
    const differences = [
      ...(await log.ensureTopology(topologyOf(session.config), options.apply)),
      ...(await missingSearchAttributes(temporal)).map((name) => `search attribute ${name}: missing`),
    ];
    if (options.apply) await provisionSearchAttributes(temporal, () => undefined);
    const lines = differences.map((line) => `${options.apply ? 'changed' : 'differs'}  ${line}`);
    output(options, { differences, applied: options.apply }, lines.join('\n') || 'the servers are as configured');
    return differences.length === 0 || options.apply ? EXIT.ok : EXIT.failed;
  });
