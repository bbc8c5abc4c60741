/** The example of docs/kit/silence.md, with a rule that fires while the runbook works, and Debian's Prometheus and Alertmanager. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import { createAlertmanagerActivities } from '../../activities/alertmanager.ts';
import { createHttp } from '../../activities/http.ts';
import { cancelRequested } from '../support/cancel-requested.ts';
import { type KitLab, startKitLab } from '../support/kit-lab.ts';
import { type Monitoring, lacksPrometheus, startMonitoring } from '../support/monitoring.ts';
import { until } from '../support/until.ts';

interface Silence {
  readonly comment: string;
  readonly endsAt: string;
  readonly status: { readonly state: 'active' | 'pending' | 'expired' };
}

describe('a runbook that is quiet while it works', { skip: lacksPrometheus }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-silence-'));
  let monitoring: Monitoring;
  let lab: KitLab;
  /** What people were told: the status of each alert. */
  const told: string[] = [];
  const webhook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      told.push(...(JSON.parse(body) as { alerts: { status: string }[] }).alerts.map(({ status }) => status));
      response.end();
    });
  });
  before(async () => {
    webhook.listen(0, '127.0.0.1');
    await once(webhook, 'listening');
    const { port } = webhook.address() as AddressInfo;
    monitoring = await startMonitoring({
      dir,
      alertname: 'TooManyErrors',
      labels: { service: 'shop' },
      webhook: `http://127.0.0.1:${port}/`,
    });
    const url = monitoring.alertmanagerUrl;
    const http = createHttp({ allow: [{ origin: url, private: true }] });
    lab = await startKitLab({}, undefined, createAlertmanagerActivities({ alertmanager: { url, http } }));
  });
  after(async () => {
    await lab?.stop();
    await monitoring?.stop();
    webhook.close();
    rmSync(dir, { recursive: true, force: true });
  });
  afterEach(async () => {
    monitoring.setHealthy(true);
    await until('the alert is over', async () => (await alerts()).length === 0);
    // Alertmanager tells it a moment later; what fires before that is to it what it has told already, and is not told for an hour.
    await until('that is told', () => !told.includes('firing') || told.at(-1) === 'resolved');
    lab.lines.length = told.length = 0;
  });

  const ask = async <T>(path: string): Promise<T> =>
    (await fetch(`${monitoring.alertmanagerUrl}/api/v2/${path}`)).json() as Promise<T>;
  const alerts = (): Promise<{ status: { state: string } }[]> => ask('alerts');
  /** Those that this run has made. */
  const silencesOf = async (workflowId: string): Promise<Silence[]> =>
    (await ask<Silence[]>('silences')).filter(({ comment }) => comment.startsWith(`[${workflowId} `));

  /** Its silence is over, and people are told of what still fires. */
  async function isLoudAgain(workflowId: string): Promise<void> {
    const states = (await silencesOf(workflowId)).map(({ status }) => status.state);
    assert.deepEqual(states, ['expired']);
    await until('people are told', () => told.includes('firing'));
  }

  /** Starts it; resolves when its work has made the alert fire, in silence. */
  async function inTheMiddle(to: string) {
    const run = await lab.begin('moveQuietly', { name: 'shop', to });
    await until('it is at work', () => lab.lines.includes('move shop'));
    const [silence, ...more] = await silencesOf(run.workflowId);
    assert.deepEqual([silence?.status.state, more], ['active', []]);
    assert.ok(Date.parse(silence?.endsAt ?? '') < Date.now() + 600_000);
    monitoring.setHealthy(false);
    await until('it fires, silenced', async () => (await alerts()).some(({ status }) => status.state === 'suppressed'));
    assert.deepEqual(told, []);
    return run;
  }

  it('nobody is told of what it causes; afterwards what still fires is told', async () => {
    const run = await inTheMiddle('eu-2');
    lab.lines.push('move shop may end');
    assert.equal(await run.result(), 'moved');
    await isLoudAgain(run.workflowId);
  });

  it('its silence ends as well when it fails', async () => {
    const run = await inTheMiddle('refuses');
    lab.lines.push('move shop may end');
    await assert.rejects(run.result(), WorkflowFailedError);
    assert.ok(lab.lines.includes('charge refuses'));
    await isLoudAgain(run.workflowId);
  });

  it('and when it is cancelled in the middle of its work', async () => {
    const run = await inTheMiddle('eu-2');
    await run.cancel();
    await cancelRequested(run);
    lab.lines.push('move shop may end');
    await until('it ends', async () => (await run.describe()).status.name === 'CANCELLED');
    const states = (await silencesOf(run.workflowId)).map(({ status }) => status.state);
    assert.deepEqual(states, ['expired']);
  });
});
