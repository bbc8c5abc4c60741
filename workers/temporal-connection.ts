/**
 * One native connection to Temporal per process, shared by workers and client. Where it leads comes from Temporal's own environment
 * variables and profiles, unless an address is given.
 */
import { Client } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';

export interface TemporalTarget {
  readonly connection: NativeConnectionOptions;
  readonly namespace: string;
  /** True when the operator's environment or profile names a cluster. */
  readonly external: boolean;
}

export interface TemporalConnection {
  readonly connection: NativeConnection;
  readonly client: Client;
  readonly namespace: string;
  close(): Promise<void>;
}

/** `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE` and the configuration file of Temporal's own tools; else the embedded server's address. */
export function temporalTarget(embedded: { readonly address: string; readonly namespace: string }): TemporalTarget {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  if (connectionOptions.address === undefined) {
    return { connection: { address: embedded.address }, namespace: namespace ?? embedded.namespace, external: false };
  }
  return {
    // The two packages describe the same options; envconfig fills only what both know.
    connection: connectionOptions as NativeConnectionOptions,
    namespace: namespace ?? embedded.namespace,
    external: true,
  };
}

/** Rejects when no server answers now; the caller decides whether to wait. */
export async function connectTemporal(target: TemporalTarget): Promise<TemporalConnection> {
  const { namespace } = target;
  // Small payloads: compressing them costs more processor time than it saves.
  const connection = await NativeConnection.connect({ grpcCompression: { codec: 'none' }, ...target.connection });
  return {
    connection,
    client: new Client({ connection, namespace }),
    namespace,
    close: () => connection.close(),
  };
}
