/** An installation whose Temporal asks for a certificate and for an API key, with a namespace of its own and what Tocsin needs in it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRuns } from '../../triggers/path/runs.ts';
import type { Runs } from '../../triggers/path/ports.ts';
import { type TemporalClient, connectClient } from '../../workers/temporal-connection.ts';
import { cli } from './cli.ts';
import { type Installation, type InstallationOptions, startInstallation } from './installation.ts';
import { type SecuredTemporal, startSecuredTemporal } from './secured-temporal.ts';
import { until } from './until.ts';

export const NAMESPACE = 'operations';
const DAY_S = 86_400;

export interface SecuredInstallation {
  readonly cluster: SecuredTemporal;
  /** Its environment has certificate and key; its own client leads to another server. */
  readonly tocsin: Installation;
  /** As the cluster's administrator sees them. */
  readonly runs: Runs;
  stop(): Promise<void>;
}

export async function startSecuredInstallation(options: InstallationOptions = {}): Promise<SecuredInstallation> {
  const cluster = await startSecuredTemporal();
  const closing: (() => Promise<unknown>)[] = [cluster.stop];
  const stop = async (): Promise<void> => {
    for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
  };
  try {
    const { cert, key } = cluster.authority.issue('tocsin');
    const admin = await administrator(cluster, { cert, key });
    closing.push(admin.close);
    await makeNamespace(admin);
    const tocsin = await startInstallation({
      ...options,
      env: {
        TEMPORAL_ADDRESS: cluster.address,
        TEMPORAL_NAMESPACE: NAMESPACE,
        TEMPORAL_TLS_SERVER_CA_CERT_PATH: cluster.authority.ca,
        TEMPORAL_TLS_CLIENT_CERT_PATH: cert,
        TEMPORAL_TLS_CLIENT_KEY_PATH: key,
        TEMPORAL_API_KEY: cluster.apiKey(`${NAMESPACE}:write`),
        ...options.env,
      },
    });
    closing.push(tocsin.stop);
    const made = await cli(
      { ...tocsin.env, TEMPORAL_API_KEY: cluster.apiKey('temporal-system:admin') },
      'topology',
      '--apply',
    );
    assert.equal(made.code, 0, made.stdout + made.stderr);
    return { cluster, tocsin, runs: createRuns(admin), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const administrator = (
  cluster: SecuredTemporal,
  { cert, key }: { readonly cert: string; readonly key: string },
): Promise<TemporalClient> =>
  connectClient({
    connection: {
      address: cluster.address,
      apiKey: cluster.apiKey('temporal-system:admin'),
      tls: {
        serverRootCACertificate: readFileSync(cluster.authority.ca),
        clientCertPair: { crt: readFileSync(cert), key: readFileSync(key) },
      },
    },
    namespace: NAMESPACE,
    external: true,
  });

async function makeNamespace({ client: { workflowService } }: TemporalClient): Promise<void> {
  await workflowService.registerNamespace({
    namespace: NAMESPACE,
    workflowExecutionRetentionPeriod: { seconds: DAY_S as never },
  });
  await until('the namespace is there', () => workflowService.describeNamespace({ namespace: NAMESPACE }));
}
