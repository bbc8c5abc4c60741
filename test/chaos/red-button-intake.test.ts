/** The red button as senders meet it: what they post while it is pressed is stored and held; and a scope that is a label of their alerts. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { startRequest } from '../support/path-servers.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { until } from '../support/until.ts';

let tocsin: Installation;
let port: number;
before(async () => {
  port = await freePort();
  tocsin = await startInstallation({ config: () => ({ intake: { port } }) });
  await Promise.all(['intake', 'trigger', 'worker'].map((role) => tocsin.startReady(role)));
});
after(() => tocsin?.stop());

async function run(...args: readonly string[]): Promise<CliResult> {
  const result = await cli(tocsin.env, '--json', ...args);
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}
const effects = (): number => tocsin.service.effects().length;
const outcomeOf = async (workflowId: string): Promise<string> =>
  ((await tocsin.client.workflow.getHandle(workflowId).result()) as { outcome: string }).outcome;

/** A firing as Alertmanager posts it, with a label more; resolves to what became of it. */
async function post(instance: string, team: string): Promise<EventRecord> {
  const body = JSON.stringify(alertmanagerPayload('firing', { instance, startsAt: null }));
  const response = await fetch(`http://127.0.0.1:${port}/in/alertmanager`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: body.replace('"service":', `"team":"${team}","service":`),
  });
  assert.deepEqual([response.status, await response.json()], [202, { accepted: 1, duplicates: 0, rejected: [] }]);
  return until(`${instance} is recorded`, async () =>
    (await tocsin.records()).find(({ event }) => event.labels['instance'] === instance),
  );
}

/** Processes look at the record once a second: posts alerts of a service that is well until one is held. */
const untilHeld = (team: string): Promise<EventRecord> =>
  until('the trigger holds', async () => {
    const record = await post(`probe-${(probes += 1)}`, team);
    return record.dispositions[0]?.kind === 'held' && record;
  });
let probes = 0;

const startedFor = (instance: string): Promise<string> =>
  until(`${instance} has a run`, async () => {
    const found = (await tocsin.records()).filter(({ event }) => event.labels['instance'] === instance);
    const started = found.flatMap(({ dispositions }) => dispositions.filter(({ kind }) => kind === 'started'));
    return started[0]?.kind === 'started' && started[0].workflowId;
  });

/** Starts a run as a trigger does for an alert of this team. */
async function begin(name: string, team: string): Promise<string> {
  const request = startRequest(tocsin.region, 1_000_000, { alertKey: name });
  const engine = createEngine({ client: tocsin.client, namespace: tocsin.servers.namespace });
  const { kind } = await engine.start({ ...request, context: { ...request.context, labels: { team } } });
  assert.equal(kind, 'started');
  return request.workflowId;
}

const waitsAtTheButton = (workflowId: string) =>
  until(`${workflowId} is stopped`, async () => {
    const { typedSearchAttributes } = await tocsin.client.workflow.getHandle(workflowId).describe();
    return typedSearchAttributes.getAll().some(({ key, value }) => key.name === 'TocsinPhase' && value === 'stopped');
  });

describe('the red button and what is posted', () => {
  it('while everything is stopped an alert is accepted, stored and held; merged afterwards, it runs', async () => {
    await run('stop', '--why', 'drill 1');
    await untilHeld('blue');
    await tocsin.service.exhaust();
    const before = effects();
    const record = await post('posted', 'blue');
    const [disposition] = record.dispositions;
    assert.ok(disposition?.kind === 'held' && disposition.reason === 'stopped', JSON.stringify(disposition));
    assert.match(disposition.detail, /would run restartService as .*everything stopped by .*drill 1/);
    assert.ok(record.position.sequence > 0);
    assert.equal(effects(), before);
    await run('resume', '--merge');
    await outcomeOf(await startedFor('posted'));
    await until('the service was restarted', () => effects() > before);
  });

  it('a label of the alerts is a scope: what bears it is held, and its runs wait; others act', async () => {
    await run('stop', '--scope', 'team=blue', '--why', 'drill 2');
    const held = await untilHeld('blue');
    const [disposition] = held.dispositions;
    assert.ok(disposition?.kind === 'held' && /team=blue stopped by .*drill 2/.test(disposition.detail));
    await tocsin.service.exhaust();
    const before = effects();
    const waiting = await begin('of blue', 'blue');
    await waitsAtTheButton(waiting);
    assert.equal(effects(), before);

    const other = await post('green', 'green');
    assert.equal(other.dispositions[0]?.kind, 'started');
    assert.equal(await outcomeOf(await startedFor('green')), 'restarted');
    assert.equal(effects(), before + 3);

    await run('resume', '--scope', 'team=blue', '--discard');
    await outcomeOf(waiting);
    assert.ok(effects() > before + 3, 'the run that waited went on');
  });
});
