/**
 * Connections to Temporal. A process that works has one native connection, shared by workers and client; a command that asks a question
 * has a plain one. Where they lead comes from Temporal's own environment variables and profiles, else to the embedded server.
 */
import { Client, Connection, type ConnectionOptions, type WorkflowClientInterceptor } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';

export interface TemporalTarget {
  readonly connection: ConnectionOptions;
  readonly namespace: string;
  /** True when the operator's environment or profile names a cluster. */
  readonly external: boolean;
}

export interface TemporalClient {
  readonly client: Client;
  readonly namespace: string;
  readonly operatorService: Connection['operatorService'];
  close(): Promise<void>;
}

export interface TemporalConnection extends TemporalClient {
  readonly connection: NativeConnection;
}

/** `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE` and the configuration file of Temporal's own tools; else the embedded server's address. */
export function temporalTarget(embedded: { readonly address: string; readonly namespace: string }): TemporalTarget {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const external = connectionOptions.address !== undefined;
  return {
    connection: external ? connectionOptions : { address: embedded.address },
    namespace: namespace ?? embedded.namespace,
    external,
  };
}

const CONNECT_TIMEOUT_MS = 5_000;

/** For workers and their client. Rejects when no server answers now; the caller decides whether to wait. */
export async function connectTemporal(
  { connection: options, namespace }: TemporalTarget,
  interceptors: readonly WorkflowClientInterceptor[] = [],
): Promise<TemporalConnection> {
  // Both packages describe the same options. Small payloads: compressing them costs more processor time than it saves.
  const native = { grpcCompression: { codec: 'none' }, ...options } as NativeConnectionOptions;
  const connection = await NativeConnection.connect(native);
  return {
    connection,
    client: new Client({ connection, namespace, interceptors: { workflow: [...interceptors] } }),
    namespace,
    operatorService: connection.operatorService,
    close: () => connection.close(),
  };
}

/** For a command that asks or starts something and ends. Rejects when no server answers within 5 s. */
export async function connectClient({ connection: options, namespace }: TemporalTarget): Promise<TemporalClient> {
  const connection = await Connection.connect({ connectTimeout: CONNECT_TIMEOUT_MS, ...options });
  return {
    client: new Client({ connection, namespace }),
    namespace,
    operatorService: connection.operatorService,
    close: () => connection.close(),
  };
}
