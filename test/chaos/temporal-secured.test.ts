/**
 * A real Temporal cluster that asks everybody for a certificate and for an API key: a run completes with both. The server is built beforehand
 * (`test/support/build-temporal-server`).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { connectClient } from '../../workers/temporal-connection.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { type SecuredTemporal, startSecuredTemporal, temporalClusterMissing } from '../support/secured-temporal.ts';
import { until } from '../support/until.ts';

const NAMESPACE = 'operations';
const DAY_S = 86_400;

describe('a Temporal cluster with mutual TLS and an authorizer', { skip: temporalClusterMissing() }, () => {
  let cluster: SecuredTemporal;
  let tocsin: Installation;
  let right: Record<string, string>;

  before(async () => {
    cluster = await startSecuredTemporal();
    const { cert, key } = cluster.authority.issue('tocsin');
    right = {
      TEMPORAL_ADDRESS: cluster.address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: cluster.authority.ca,
      TEMPORAL_TLS_CLIENT_CERT_PATH: cert,
      TEMPORAL_TLS_CLIENT_KEY_PATH: key,
      TEMPORAL_API_KEY: cluster.apiKey(`${NAMESPACE}:write`),
    };
    await makeNamespace(cluster, { cert, key });
    tocsin = await startInstallation({ env: right });
    const made = await cli(
      { ...tocsin.env, TEMPORAL_API_KEY: cluster.apiKey('temporal-system:admin') },
      'topology',
      '--apply',
    );
    assert.equal(made.code, 0, made.stdout + made.stderr);
  });
  after(async () => {
    await tocsin?.stop();
    await cluster?.stop();
  });

  it('with certificate and key of its namespace, trigger, worker and commands work: a run completes', async () => {
    await tocsin.service.exhaust();
    await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
    const { ack } = await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: 'secured' });
    const id = await until('its run is started', async () => {
      const record = (await tocsin.records()).find(({ position }) => position.sequence === ack.sequence);
      const [first] = record?.dispositions ?? [];
      return first?.kind === 'started' && first.workflowId;
    });
    await until('it is completed', async () => /^completed/m.test((await cli(tocsin.env, 'runs', 'show', id)).stdout));
    assert.deepEqual(
      tocsin.service.effects().map(({ action }) => action),
      ['take-out', 'restart', 'put-back'],
    );
  });
});

/** By the cluster's administrator. */
async function makeNamespace(cluster: SecuredTemporal, { cert, key }: { cert: string; key: string }): Promise<void> {
  const admin = await connectClient({
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
  try {
    const { workflowService } = admin.client;
    await workflowService.registerNamespace({
      namespace: NAMESPACE,
      workflowExecutionRetentionPeriod: { seconds: DAY_S as never },
    });
    await until('the namespace is there', () => workflowService.describeNamespace({ namespace: NAMESPACE }));
  } finally {
    await admin.close();
  }
}
