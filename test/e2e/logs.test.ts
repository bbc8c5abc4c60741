import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { packageVersion } from '../../workers/package-version.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type Installation, type LogLine, startInstallation } from '../support/installation.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { until } from '../support/until.ts';

describe('the logs of one event', () => {
  let tocsin: Installation;
  let eventId = '';
  before(async () => {
    tocsin = await startInstallation();
    const port = String(await freePort());
    tocsin.env['TOCSIN_INTAKE_PORT'] = port;
    const roles = ['trigger', 'worker', 'intake'].map((role) => tocsin.startReady(role));
    await Promise.all(roles);
    await tocsin.service.exhaust();
    const response = await fetch(`http://127.0.0.1:${port}/in/alertmanager`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alertmanagerPayload('firing')),
    });
    assert.equal(response.status, 202);
    const [record] = await until('it is recorded', async () => {
      const records = await tocsin.records();
      return records.length > 0 && records;
    });
    eventId = record?.event.id ?? '';
    await until('its run is recorded as closed', () => lines().find(({ msg }) => msg === 'run completed'));
  });
  after(() => tocsin.stop());

  const lines = (): LogLine[] => tocsin.logLines().filter((line) => line['eventId'] === eventId);

  it('begin in each role with the zone data that it decides by', () => {
    const { tzdb } = openZoneData();
    for (const role of ['trigger', 'worker', 'intake']) {
      const told = tocsin.logLines().filter((line) => line.role === role && line['tzdb'] !== undefined);
      assert.deepEqual(
        told.map(({ msg }) => msg),
        [`tocsin ${packageVersion()} decides by zone data ${tzdb}`],
        role,
      );
    }
  });

  it('lead from the intake over the decision and the steps to the end of the run', () => {
    const told = lines()
      .toSorted((a, b) => a.time - b.time)
      .map(({ role, msg, step }) => `${role} ${msg} ${typeof step === 'string' ? step : ''}`.trim());
    assert.equal(told[0], 'intake event stored');
    assert.ok(told.includes('worker step done restartUnit'), told.join('\n'));
    // The trigger process and the worker may write within one millisecond: each in its own order.
    assert.equal(told.filter((line) => line.startsWith('trigger')).at(-1), 'trigger run completed');
  });

  it('name event and region, and from the decision on the trigger and the run, each under one name', () => {
    const started = lines().find(({ msg }) => msg === 'event settled: started') ?? assert.fail();
    const { workflowId, runId } = started;
    assert.match(String(workflowId), /^restart-service\//);
    for (const line of lines()) {
      assert.equal(line['region'], 'eu', JSON.stringify(line));
      if (line.role === 'intake') continue;
      const about = [line['trigger'], line['workflowId'], line['runId']];
      assert.deepEqual(about, ['restart-service', workflowId, runId], JSON.stringify(line));
    }
  });

  it('no line about the run lacks the event', () => {
    const { workflowId } = lines().find(({ msg }) => msg === 'event settled: started') ?? assert.fail();
    const about = tocsin.logLines().filter((line) => line['workflowId'] === workflowId);
    assert.ok(about.length >= 5);
    for (const line of about) assert.equal(line['eventId'], eventId, JSON.stringify(line));
  });

  it('hold nothing that a task could be answered with', () => {
    for (const line of tocsin.logLines()) assert.equal(line['taskToken'], undefined);
  });
});
