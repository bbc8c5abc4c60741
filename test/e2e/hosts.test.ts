import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { accept } from '../../triggers/intake/accept.ts';
import { alertmanager } from '../../triggers/sources/alertmanager.ts';
import { cli } from '../support/cli.ts';
import { failureOf } from '../support/failure-of.ts';
import { type HostsLab, LAB_UNIT, lacksHosts, startHostsLab } from '../support/hosts-lab.ts';
import { until } from '../support/until.ts';

describe('runbooks that act on other hosts', { skip: lacksHosts }, () => {
  let lab: HostsLab;
  before(async () => {
    lab = await startHostsLab();
    await Promise.all([lab.tocsin.startReady('worker'), lab.tocsin.startReady('trigger')]);
  });
  after(() => lab?.stop());

  const result = (id: string): Promise<unknown> => lab.tocsin.client.workflow.getHandle(id).result();
  const clear = () => lab.begin('clearDisk', { host: 'web-1', path: lab.disk.path });
  const isThere = (name: string): boolean => existsSync(join(lab.disk.path, name));

  it('a failed unit is restarted once, and is well', async () => {
    lab.units.set(LAB_UNIT, 'failed');
    const { report: story, ...report } = (await result(
      await lab.begin('restartService', { service: 'checkout' }),
    )) as Record<string, unknown>;
    assert.deepEqual(report, { outcome: 'restarted', service: 'checkout', seen: 'unit is failed', restarted: true });
    assert.match(String(story), /## Done\n\n- restart checkout/);
    const { active, jobs } = lab.units.read(LAB_UNIT);
    assert.deepEqual([active, jobs.map(({ verb }) => verb)], ['active', ['restart']]);
  });

  it('a unit that runs is left alone', async () => {
    lab.units.set(LAB_UNIT, 'active');
    const report = await result(await lab.begin('restartService', { service: 'checkout' }));
    assert.equal((report as { outcome: string }).outcome, 'already-healthy');
    assert.deepEqual(lab.units.read(LAB_UNIT).jobs, []);
  });

  it('a full disk is cleared by one rule after another until there is room', async () => {
    lab.fillDisk();
    const { report: story, ...report } = (await result(await clear())) as Record<string, unknown>;
    assert.match(String(story), /## Done\n\n- clear .* of web-1: old-archives\n/);
    assert.deepEqual(report, {
      outcome: 'cleared',
      host: 'web-1',
      path: lab.disk.path,
      usedPercentBefore: 68,
      usedPercentAfter: 49,
      applied: ['old-archives'],
    });
    assert.deepEqual(
      ['logs/app/1.gz', 'logs/app/deep/1.log', 'logs/app/young.log'].map(isThere),
      [false, true, true],
      'the second rule was not needed',
    );
    assert.equal(lab.prunes().length, 1);
  });

  it('a disk that is not full is left alone', async () => {
    const report = await result(await clear());
    assert.equal((report as { outcome: string }).outcome, 'not-full');
    assert.equal(lab.prunes().length, 1);
  });

  it('a plan names every rule and deletes nothing', async () => {
    lab.fillDisk();
    const input = JSON.stringify({ host: 'web-1', path: lab.disk.path });
    const { code, json } = await cli(lab.tocsin.env, '--json', 'run', 'clearDisk', '--input', input, '--plan');
    assert.equal(code, 0);
    const { plan } = json as { plan: { actions: { title: string }[] } };
    assert.deepEqual(
      plan.actions.map(({ title }) => title),
      ['old-archives', 'old-logs'].map((rule) => `clear ${lab.disk.path} of web-1: ${rule}`),
    );
    assert.deepEqual([lab.prunes().length, isThere('logs/app/1.gz')], [0, true]);
  });

  it('an alert of node_exporter clears the disk it names', async () => {
    lab.fillDisk();
    const raw = Buffer.from(JSON.stringify(fillingUp(lab.disk.path)));
    const request = {
      sender: 'am',
      headers: {},
      contentType: 'application/json',
      raw,
      receivedAt: new Date().toISOString(),
    };
    await accept(request, alertmanager, { log: lab.tocsin.log, region: 'eu', knownTypes: new Set() });
    await until('the archives are gone', () => !isThere('logs/app/1.gz'));
    const run = await until('the run has ended', async () => {
      for await (const each of lab.tocsin.runs.closedSince(0)) if (each.context?.trigger === 'clear-disk') return each;
      return null;
    });
    assert.equal(run.status, 'completed');
  });

  it('a disk that stays full is given to a human, with what was done', async () => {
    lab.fillDisk();
    lab.disk.write('data', 5_000, 100);
    const failure = await failureOf(result(await clear()));
    assert.match(failure, /is 55% full after old-archives, old-logs \(98% before\); nothing else may be deleted there/);
    assert.deepEqual(['data', 'logs/app/young.log', 'logs/app/deep/1.log'].map(isThere), [true, true, false]);
  });

  it('a disk nobody has allowed is refused at once', async () => {
    const failure = await failureOf(result(await lab.begin('clearDisk', { host: 'web-1', path: '/' })));
    assert.match(failure, /host web-1 has no disk "\/" in the configuration; it has: /);
  });

  it('a host whose key has changed ends the run, and says that a human has to look', async () => {
    await lab.sshd.changeHostKey();
    lab.units.set(LAB_UNIT, 'failed');
    const failure = await failureOf(result(await lab.begin('restartService', { service: 'checkout' })));
    assert.match(failure, /web-1 .* is not who ssh\.knownHosts says; a human has to look/);
    assert.deepEqual(lab.units.read(LAB_UNIT).jobs, []);
  });
});

const fillingUp = (mountpoint: string) => ({
  version: '4',
  groupKey: '{}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'tocsin',
  alerts: [
    {
      status: 'firing',
      labels: {
        alertname: 'NodeFilesystemSpaceFillingUp',
        instance: 'web-1:9100',
        mountpoint,
        fstype: 'tmpfs',
        severity: 'critical',
      },
      annotations: {},
      startsAt: '2026-01-01T00:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.example/graph',
      fingerprint: '00000000000000d1',
    },
  ],
});
