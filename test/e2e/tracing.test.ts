/** One trace from the webhook to the last activity, seen by a receiver of OTLP; and none of it when nobody asks. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../workers/servers/server-process.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

/** What a caller of ours might send along. */
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

describe('traces', () => {
  let receiver: Receiver;
  let tocsin: Installation;
  let intakePort: number;
  before(async () => {
    receiver = await startReceiver();
    intakePort = await freePort();
    tocsin = await startInstallation({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url.origin,
        OTEL_BSP_SCHEDULE_DELAY: '100',
        TOCSIN_INTAKE_PORT: String(intakePort),
      },
    });
  });
  after(async () => {
    await tocsin?.stop();
    await receiver?.close();
  });

  const spans = (): Span[] =>
    receiver.requests
      .filter(({ path }) => path === '/v1/traces')
      .flatMap(({ body }) => {
        const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
        return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      });

  it('join the webhook, the event, the decision, the run and every activity', async () => {
    await tocsin.service.exhaust();
    await Promise.all([tocsin.startReady('intake'), tocsin.startReady('trigger'), tocsin.startReady('worker')]);
    const answer = await fetch(`http://127.0.0.1:${intakePort}/in/alertmanager`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: `00-${TRACE}-${PARENT}-01` },
      body: JSON.stringify(alertmanagerPayload('firing')),
    });
    assert.equal(answer.status, 202);
    await until('the run is closed', async () => {
      for await (const run of tocsin.runs.closedSince(0)) return run;
      return null;
    });
    const run = await until('the span of the run', () => spans().find(({ name }) => name.startsWith('RunWorkflow')));
    assert.equal(run.traceId, TRACE);
    const all = spans().filter(({ traceId }) => traceId === TRACE);
    const named = (start: string): Span[] => all.filter(({ name }) => name.startsWith(start));
    const parentOf = ({ parentSpanId }: Span): string =>
      all.find(({ spanId }) => spanId === parentSpanId)?.name ?? parentSpanId ?? '';
    const one = (start: string): Span => named(start)[0] ?? assert.fail(`no span ${start}`);
    assert.equal(parentOf(one('intake alertmanager')), PARENT);
    assert.equal(parentOf(one('store event')), 'intake alertmanager');
    assert.equal(parentOf(one('decide event')), 'store event');
    assert.equal(parentOf(one('StartWorkflow:restartService')), 'decide event');
    assert.equal(parentOf(run), 'StartWorkflow:restartService');
    const activities = named('RunActivity');
    assert.ok(activities.length >= 3, activities.map(({ name }) => name).join());
    for (const activity of activities) assert.match(parentOf(activity), /^StartActivity:/);
  });
});
