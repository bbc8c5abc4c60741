import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { createActivities } from '../../activities/index.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { workflowBundle } from '../../workers/bundle.ts';
import { type DemoService, startDemoService } from '../../workers/demo/supervisor.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type TemporalConnection, connectTemporal } from '../../workers/temporal-connection.ts';
import { type RunningWorker, createWorker } from '../../workers/worker.ts';
import { ESCALATED } from '../../workflows/kit/escalated.ts';
import type { OnResolved, RunContext } from '../../workflows/kit/run-context.ts';
import { bundlesFolder } from '../support/bundles-folder.ts';
import { servicesOf } from '../support/services.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';
import { causeOf } from '../support/failure-of.ts';

const REGION = 'eu';
const EXECUTION_TIMEOUT_MS = 120_000;
const LIMITS = { maxCachedWorkflows: 50, maxActivities: 10, shutdownGraceMs: 2_000 };
const POSITION = { stream: 'EVENTS_EU', sequence: 1, storedAt: 0 };

describe('runbook restartService', () => {
  let servers: TestServers;
  let temporal: TemporalConnection;
  let workers: RunningWorker[] = [];
  const services = new Map<string, DemoService>();

  before(async () => {
    // Runs that fail are the point here; their warnings are not.
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    servers = await startTestServers({ temporal: true });
    for (const [name, stubborn] of [
      ['checkout', false],
      ['billing', false],
      ['stubborn', true],
      ['flapping', true],
    ] as const) {
      const dir = join(servers.dir, name);
      services.set(name, await startDemoService({ name, region: REGION, port: await freePort(), dir, stubborn }));
    }
    const all = [...services.values()];
    const activities = createActivities(
      servicesOf({
        region: REGION,
        services: all.map(({ target }) => target),
        allow: all.map(({ origin }) => ({ origin, private: true })),
      }),
    );
    const { namespace, temporalAddress: address } = servers;
    temporal = await connectTemporal({ connection: { address }, namespace, external: true });
    const { codePath } = await workflowBundle(bundlesFolder(), pino({ level: 'silent' }));
    workers = await Promise.all([
      createWorker(temporal, { kind: 'runbooks', codePath }, LIMITS),
      createWorker(temporal, { kind: 'activities', region: REGION, activities }, LIMITS),
    ]);
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.shutdown()));
    await temporal?.close();
    await Promise.all([...services.values()].map((service) => service.close()));
    await servers?.stopAll();
  });

  const demo = (name: string): DemoService => services.get(name) ?? assert.fail(`no service ${name}`);
  const actions = (name: string): string[] =>
    demo(name)
      .effects()
      .map(({ action }) => action);
  let generation = 0;
  /** Starts a run as the dispatcher does; resolves to its workflow id. */
  const begin = async (service: string, onResolved: OnResolved = 'finish'): Promise<string> => {
    generation += 1;
    const context = { ...contextOf(service, onResolved), generation };
    const id = workflowId({
      stream: 'EVENTS_EU',
      trigger: 'restart-service',
      key: `am:ServiceDown:${service}`,
      generation,
      attempt: 1,
    });
    const started = await createEngine(temporal).start({
      workflowId: id,
      workflowType: 'restartService',
      input: { service },
      context,
      executionTimeoutMs: EXECUTION_TIMEOUT_MS,
      summary: `restart ${service}`,
    });
    assert.equal(started.kind, 'started');
    return id;
  };
  const result = (id: string): Promise<unknown> => temporal.client.workflow.getHandle(id).result();

  it('a sick service is restarted once, and is well', async () => {
    await demo('checkout').exhaust();
    const id = await begin('checkout');
    const { report, ...rest } = (await result(id)) as { readonly report: string };
    assert.match(report, /^# restartService for checkout\n/);
    assert.match(
      report,
      /## Done\n\n- take checkout out of rotation\n- restart checkout\n- put checkout back in rotation$/,
    );
    assert.deepEqual(rest, {
      outcome: 'restarted',
      service: 'checkout',
      seen: 'health check answered 503',
      restarted: true,
    });
    assert.equal(await demo('checkout').healthy(), true);
    assert.deepEqual(actions('checkout'), ['take-out', 'restart', 'put-back']);
    const keys = demo('checkout')
      .effects()
      .map(({ key }) => key);
    assert.equal(new Set(keys).size, 3, 'each step has a key of its own');
    assert.ok(keys.every((key) => key.startsWith(`${id}/`)));
    assert.deepEqual(await attributes(temporal.client, id), {
      TocsinTrigger: 'restart-service',
      TocsinAlert: 'am:ServiceDown:checkout',
      TocsinRegion: REGION,
      TocsinService: 'checkout',
      TocsinSeverity: 'critical',
      TocsinPhase: 'ordinary',
    });
  });

  it('the timeline names each step', async () => {
    await demo('checkout').exhaust();
    const id = await begin('checkout');
    await result(id);
    assert.deepEqual(await stepTitles(temporal.client, id), [
      'is checkout still sick?',
      'take checkout out of rotation',
      'restart checkout',
      'does checkout answer its health check? (1/5)',
      'put checkout back in rotation',
    ]);
  });

  it('a service that is well by itself is left alone', async () => {
    const { report: _report, ...rest } = (await result(await begin('billing'))) as { readonly report: string };
    assert.deepEqual(rest, {
      outcome: 'already-healthy',
      service: 'billing',
      seen: 'health check answered 200',
      restarted: false,
    });
    assert.deepEqual(actions('billing'), []);
  });

  it('a service that stays sick is put back, and a human is called', async () => {
    await demo('stubborn').exhaust();
    const id = await begin('stubborn');
    const failure = await failureOf(result(id));
    assert.equal(failure.type, ESCALATED);
    assert.match(failure.message, /stubborn was restarted and is still sick/);
    assert.deepEqual(actions('stubborn'), ['take-out', 'restart', 'put-back']);
    assert.equal((await attributes(temporal.client, id))['TocsinPhase'], 'ordinary');
    assert.equal((await stepTitles(temporal.client, id)).at(-1), 'undo: take stubborn out of rotation');
  });

  it('an alert that resolves meanwhile ends the run after its undo, under policy cancel', async () => {
    await demo('flapping').exhaust();
    const id = await begin('flapping', 'cancel');
    await until('the restart', () => actions('flapping').includes('restart'));
    assert.equal(await createEngine(temporal).signalResolved(id, POSITION), true);
    assert.equal(await createEngine(temporal).signalResolved(id, POSITION), true, 'twice changes nothing');
    const report = await result(id);
    assert.deepEqual(report, { outcome: 'resolved-meanwhile', undone: ['take flapping out of rotation'] });
    assert.deepEqual(actions('flapping'), ['take-out', 'restart', 'put-back']);
    assert.equal((await attributes(temporal.client, id))['TocsinPhase'], 'resolved');
    assert.equal(await createEngine(temporal).signalResolved(id, POSITION), false, 'a closed run cannot be told');
  });

  it('an alert that resolves meanwhile does not stop the run under policy finish', async () => {
    await demo('billing').exhaust();
    const id = await begin('billing', 'finish');
    await createEngine(temporal).signalResolved(id, POSITION);
    assert.equal(((await result(id)) as { outcome: string }).outcome, 'restarted');
  });

  it('a service that is not in the inventory fails the run at once, and says which ones there are', async () => {
    const id = await begin('nowhere; reboot');
    const failure = await failureOf(result(id));
    assert.equal(failure.type, 'TargetNotAllowed');
    assert.match(failure.message, /"nowhere; reboot" is not in the inventory of region eu; it has: checkout, billing/);
    assert.equal((await stepTitles(temporal.client, id)).length, 1);
  });

  it('a cancelled run undoes what it did', async () => {
    const before = actions('flapping').length;
    const id = await begin('flapping');
    await until('the restart', () => actions('flapping').slice(before).includes('restart'));
    await temporal.client.workflow.getHandle(id).cancel();
    await assert.rejects(result(id), WorkflowFailedError);
    assert.equal(actions('flapping').at(-1), 'put-back');
    const { status } = await temporal.client.workflow.getHandle(id).describe();
    assert.equal(status.name, 'CANCELLED');
  });

  it('a run without context says how it should have been started', async () => {
    const handle = await temporal.client.workflow.start('restartService', {
      workflowId: 'by-hand',
      taskQueue: 'runbooks',
      args: [{ service: 'checkout' }],
    });
    const failure = await failureOf(handle.result());
    assert.equal(failure.type, 'NoRunContext');
    assert.match(failure.message, /tocsin run/);
  });
});

const contextOf = (service: string, onResolved: OnResolved): RunContext => ({
  trigger: 'restart-service',
  alertKey: `am:ServiceDown:${service}`,
  generation: 1,
  attempt: 1,
  event: { id: 'e', type: 'tocsin.alert.firing', source: 'tocsin:/in/am', title: null, ...POSITION },
  region: REGION,
  service,
  severity: 'critical',
  onResolved,
});

async function attributes(client: Client, id: string): Promise<Record<string, unknown>> {
  const { typedSearchAttributes } = await client.workflow.getHandle(id).describe();
  return Object.fromEntries(
    typedSearchAttributes
      .getAll()
      .filter(({ key }) => key.name.startsWith('Tocsin'))
      .map(({ key, value }) => [key.name, value]),
  );
}

/** The summaries of the scheduled steps, as the UI's timeline shows them. */
async function stepTitles(client: Client, id: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  return (events ?? [])
    .filter((event) => event.activityTaskScheduledEventAttributes)
    .map((event) => JSON.parse(Buffer.from(event.userMetadata?.summary?.data ?? []).toString()) as string);
}

async function failureOf(run: Promise<unknown>): Promise<{ type: unknown; message: string }> {
  const cause = await causeOf(run);
  return { type: 'type' in cause ? cause.type : undefined, message: cause.message };
}
