/** Real servers with the ports of the path on them and no role running: a test is alone with what it stores and starts. */
import { Client, Connection } from '@temporalio/client';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { eventStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import type { Engine, Runs, StartRequest } from '../../triggers/path/ports.ts';
import { createRuns } from '../../triggers/path/runs.ts';
import { type RegionPath, regionPath } from '../../workers/region-path.ts';
import { startTestServers } from './servers.ts';

export interface PathServers {
  readonly natsUrl: string;
  readonly temporalAddress: string;
  readonly log: EventLog;
  readonly client: Client;
  readonly engine: Engine;
  readonly runs: Runs;
  /** A region of its own for one test, with empty streams. */
  newRegion(name: string): Promise<RegionPath>;
  stop(): Promise<void>;
}

const NAMESPACE = 'default';

export async function startPathServers(): Promise<PathServers> {
  const servers = await startTestServers({ nats: true, temporal: true });
  const log = await connectLog({ servers: servers.natsUrl, name: 'test' });
  const connection = await Connection.connect({ address: servers.temporalAddress });
  const client = new Client({ connection, namespace: NAMESPACE });
  return {
    natsUrl: servers.natsUrl,
    temporalAddress: servers.temporalAddress,
    log,
    client,
    engine: createEngine({ client, namespace: NAMESPACE }),
    runs: createRuns({ client, namespace: NAMESPACE }),
    newRegion: async (name) => {
      const specs = regionTopology(name, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 });
      // Small: the regions of all tests of a file fit beside each other.
      await log.ensureTopology(
        specs.map((spec) => ({ ...spec, maxBytes: 64 * 1_048_576 })),
        true,
      );
      return regionPath(name, log);
    },
    stop: async () => {
      await log.close().catch(() => undefined);
      await connection.close().catch(() => undefined);
      await servers.stopAll();
    },
  };
}

/** What a trigger process asks of the engine for the event at `sequence` of the region's stream. */
export function startRequest(
  region: string,
  sequence: number,
  options: {
    readonly trigger?: string;
    readonly alertKey?: string;
    readonly attempt?: number;
    readonly executionTimeoutMs?: number;
  } = {},
): StartRequest {
  const { trigger = 'restart', alertKey = `key-${sequence}`, attempt = 1, executionTimeoutMs = 600_000 } = options;
  return {
    workflowId: `${trigger}/${region}-${alertKey}#1.${attempt}`,
    workflowType: 'restartService',
    input: { service: 'checkout' },
    context: {
      trigger,
      alertKey,
      generation: 1,
      attempt,
      event: {
        id: `event-${sequence}`,
        type: 'tocsin.alert.firing',
        source: 'test',
        stream: eventStream(region),
        sequence,
        title: 'checkout is down',
      },
      region,
      service: 'checkout',
      severity: 'critical',
      onResolved: 'cancel',
    },
    executionTimeoutMs,
    summary: 'checkout is down',
  };
}
