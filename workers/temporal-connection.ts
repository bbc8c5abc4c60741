/**
 * Connections to Temporal. A process that works has one native connection, shared by workers and client; a command that asks a question
 * has a plain one. Where they lead comes from Temporal's own environment variables and profiles, else to the embedded server.
 */
import {
  Client,
  Connection,
  type ConnectionLike,
  type ConnectionOptions,
  type WorkflowClientInterceptor,
} from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { CommandError, EXIT } from './exit-code.ts';
import { connectRefusalOf } from './temporal-refusal.ts';
import type { NativeConnection, NativeConnectionOptions } from '@temporalio/worker';

export type KeySetting = 'TEMPORAL_API_KEY' | 'api_key in the profile';

export interface TemporalTarget {
  readonly connection: ConnectionOptions;
  readonly namespace: string;
  /** True when the operator's environment or profile names a cluster. */
  readonly external: boolean;
  /** Where its API key is set, in the operator's words. */
  readonly keySetting?: KeySetting;
  /** Undefined: nothing is encrypted. */
  readonly dataConverter?: DataConverter | undefined;
}

export interface TemporalClient {
  readonly client: Client;
  readonly namespace: string;
  readonly dataConverter: DataConverter | undefined;
  readonly operatorService: Connection['operatorService'];
  close(): Promise<void>;
}

export interface TemporalConnection extends TemporalClient {
  readonly connection: NativeConnection;
}

/**
 * `TEMPORAL_ADDRESS`, `TEMPORAL_PROFILE` and the configuration file of Temporal's own tools; else the embedded server's address.
 * Rejects what cannot be read, and settings of TLS or an API key without an address: they would protect nothing.
 */
export function temporalTarget(embedded: { readonly address: string; readonly namespace: string }): TemporalTarget {
  const { connectionOptions, namespace } = operatorsOwn();
  const external = connectionOptions.address !== undefined;
  if (!external && (connectionOptions.apiKey !== undefined || Boolean(connectionOptions.tls)))
    throw new CommandError(
      EXIT.refused,
      'Temporal: TLS or an API key is set, and no address; expected TEMPORAL_ADDRESS, or an address in the profile',
    );
  return {
    connection: external ? connectionOptions : { address: embedded.address },
    namespace: namespace ?? embedded.namespace,
    external,
    // Temporal's own tools take them in this order.
    keySetting:
      connectionOptions.apiKey !== undefined && process.env['TEMPORAL_API_KEY'] === undefined
        ? 'api_key in the profile'
        : 'TEMPORAL_API_KEY',
  };
}

function operatorsOwn(): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    // The first line only: below it a parser shows the lines of the file, which may hold a key.
    const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new CommandError(
      EXIT.refused,
      `Temporal: its settings cannot be read: ${why}. See TEMPORAL_PROFILE, TEMPORAL_CONFIG_FILE and the files that TEMPORAL_TLS_ variables name.`,
      error,
    );
  }
}

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * For workers and their client. Rejects when no server answers now, and the caller decides whether to wait; with TemporalRefused when one does, and does
 * not let us in.
 */
export async function connectTemporal(
  target: TemporalTarget,
  interceptors: readonly WorkflowClientInterceptor[] = [],
): Promise<TemporalConnection> {
  const { connection: options, namespace, dataConverter } = target;
  // Both packages describe the same options. Small payloads: compressing them costs more processor time than it saves.
  const native = { grpcCompression: { codec: 'none' }, ...options } as NativeConnectionOptions;
  // Loaded here: a command that asks a question does without the workers' package.
  const { NativeConnection } = await import('@temporalio/worker');
  const connection = await NativeConnection.connect(native).catch(explainedFor(target));
  return {
    connection,
    client: clientOn(connection, namespace, dataConverter, interceptors),
    namespace,
    dataConverter,
    operatorService: connection.operatorService,
    close: () => connection.close(),
  };
}

/** For a command that asks or starts something and ends. Rejects when no server answers within 5 s, as above. */
export async function connectClient(target: TemporalTarget): Promise<TemporalClient> {
  const { connection: options, namespace, dataConverter } = target;
  const connection = await Connection.connect({ connectTimeout: CONNECT_TIMEOUT_MS, ...options }).catch(
    explainedFor(target),
  );
  return {
    client: clientOn(connection, namespace, dataConverter),
    namespace,
    dataConverter,
    operatorService: connection.operatorService,
    close: () => connection.close(),
  };
}

const explainedFor =
  (target: TemporalTarget) =>
  async (error: unknown): Promise<never> => {
    throw (await connectRefusalOf(error, target)) ?? error;
  };

const clientOn = (
  connection: ConnectionLike,
  namespace: string,
  dataConverter: DataConverter | undefined,
  interceptors: readonly WorkflowClientInterceptor[] = [],
): Client =>
  new Client({
    connection,
    namespace,
    ...(dataConverter === undefined ? {} : { dataConverter }),
    interceptors: { workflow: [...interceptors] },
  });
