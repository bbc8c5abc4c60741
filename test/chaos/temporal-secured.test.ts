/**
 * A real Temporal cluster that asks everybody for a certificate and for an API key: a run completes with both, and whoever lacks one, or has a
 * wrong one, is told so, with what to do. The server is built beforehand (`test/support/build-temporal-server`).
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EXIT } from '../../workers/exit-code.ts';
import { createAuthority } from '../support/certificates.ts';
import { cli } from '../support/cli.ts';
import type { Installation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { NAMESPACE, type SecuredInstallation, startSecuredInstallation } from '../support/secured-installation.ts';
import { type SecuredTemporal, temporalClusterMissing } from '../support/secured-temporal.ts';
import { until } from '../support/until.ts';

describe('a Temporal cluster with mutual TLS and an authorizer', { skip: temporalClusterMissing() }, () => {
  let secured: SecuredInstallation;
  let tocsin: Installation;
  let cluster: SecuredTemporal;

  before(async () => {
    secured = await startSecuredInstallation();
    ({ tocsin, cluster } = secured);
  });
  after(() => secured?.stop());

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

  /** What is changed, and what is said of it: what is wrong, and what to do. */
  const refusals: readonly (readonly [string, () => Readonly<Record<string, string>>, RegExp])[] = [
    [
      'no client certificate',
      () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: '', TEMPORAL_TLS_CLIENT_KEY_PATH: '' }),
      /asks for a certificate of the client, and none is set .*Set TEMPORAL_TLS_CLIENT_CERT_PATH/s,
    ],
    [
      'a certificate of another authority',
      () => {
        const { cert, key } = createAuthority(tocsin.servers.dir, 'stranger').issue('tocsin');
        return { TEMPORAL_TLS_CLIENT_CERT_PATH: cert, TEMPORAL_TLS_CLIENT_KEY_PATH: key };
      },
      /does not accept the certificate of this client .*to a pair of an authority that the server trusts/s,
    ],
    [
      'another authority for the server',
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: createAuthority(tocsin.servers.dir, 'other').ca }),
      /of an authority that is not trusted here .*Correct TEMPORAL_TLS_SERVER_CA_CERT_PATH/s,
    ],
    ['no API key', () => ({ TEMPORAL_API_KEY: '' }), /No API key is set, .*set TEMPORAL_API_KEY/s],
    [
      'a key that nobody signed',
      () => ({ TEMPORAL_API_KEY: cluster.forgedKey(`${NAMESPACE}:write`) }),
      /The API key is not accepted: set TEMPORAL_API_KEY to one that was issued for this cluster/,
    ],
    [
      'a key that has expired',
      () => ({ TEMPORAL_API_KEY: cluster.expiredKey(`${NAMESPACE}:write`) }),
      /The API key expired at .*: set TEMPORAL_API_KEY to a new one/,
    ],
    [
      'a key of another namespace',
      () => ({ TEMPORAL_API_KEY: cluster.apiKey('other:admin') }),
      /The API key has no right to do this in namespace "operations": .* give it the right/,
    ],
    [
      'a key that may only read',
      () => ({ TEMPORAL_API_KEY: cluster.apiKey(`${NAMESPACE}:read`) }),
      /The API key has no right to do this in namespace "operations": .* give it the right/,
    ],
  ];
  for (const [name, changes, told] of refusals)
    it(`${name}: a command, doctor and a role that starts say what is wrong and what to do`, async () => {
      const changed = { ...tocsin.env, ...changes() };
      const env = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== ''));
      const ask = async (...args: readonly string[]): Promise<number> => {
        const { code, stdout, stderr } = await cli(env, ...args);
        assert.match(stdout + stderr, told, args[0]);
        return code;
      };
      assert.equal(await ask('run', 'restartService', '--input', '{"service":"checkout"}'), EXIT.refused);
      assert.equal(await ask('doctor'), EXIT.failed);
      assert.equal(await ask('trigger'), EXIT.refused);
    });
});
