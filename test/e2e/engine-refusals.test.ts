/** What a real Temporal refuses: whether it is the fault of one event, which is buried, or of none, so that all of them wait. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Client } from '@temporalio/client';
import { EngineRefused, EngineUnavailable, createEngine } from '../../triggers/path/engine.ts';
import type { Engine, StartRequest } from '../../triggers/path/ports.ts';
import { type PathServers, startPathServers, startRequest } from '../support/path-servers.ts';
import { until } from '../support/until.ts';

describe('starts that Temporal refuses', () => {
  let servers: PathServers;
  before(async () => (servers = await startPathServers()));
  after(() => servers.stop());

  const refusalOf = (request: StartRequest, engine: Engine = servers.engine): Promise<unknown> =>
    engine.start(request).then(
      () => assert.fail('it was started'),
      (error: unknown) => error,
    );

  for (const mebibytes of [3, 5])
    it(`an input of ${mebibytes} MiB is the fault of its event, and the reason says how large it is`, async () => {
      const refusal = await refusalOf({ ...startRequest('eu', mebibytes), input: 'x'.repeat(mebibytes * 1_048_576) });
      assert.ok(refusal instanceof EngineRefused, String(refusal));
      assert.match(refusal.message, /its input has \d+ bytes, expected at most 2096128/);
    });

  it('what the server itself refuses of one request names the reason', async () => {
    const refusal = await refusalOf({ ...startRequest('eu', 1), workflowId: 'x'.repeat(2_000) });
    assert.ok(refusal instanceof EngineRefused, String(refusal));
    assert.match(refusal.message, /workflowId exceeds maximum allowed length/i);
  });

  it('a namespace without our search attributes is the fault of no event', async () => {
    const { connection } = servers.client;
    await servers.client.workflowService.registerNamespace({
      namespace: 'bare',
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    const engine = createEngine({ client: new Client({ connection, namespace: 'bare' }), namespace: 'bare' });
    const refusal = await until('the server knows the namespace, and says what it lacks', async () => {
      const found = await refusalOf(startRequest('eu', 2), engine);
      return found instanceof Error && /search attribute/.test(found.message) && found;
    });
    assert.ok(refusal instanceof EngineUnavailable, String(refusal));
    assert.match(refusal.message, /no mapping defined for search attribute Tocsin\w+; `tocsin topology --apply`/);
  });
});
