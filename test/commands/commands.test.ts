import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventStream, eventSubject } from '../../triggers/nats/subject.ts';
import { createEngine } from '../../triggers/path/engine.ts';
import type { AuditReport } from '../../triggers/path/audit.ts';
import type { Explanation } from '../../triggers/path/explain.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { alertmanagerPayload, storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

let tocsin: Installation;
before(async () => {
  tocsin = await startInstallation();
  await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
});
after(() => tocsin.stop());

const run = (...args: readonly string[]) => cli(tocsin.env, '--json', ...args);

describe('commands', () => {
  it('list and check say what is there, without a server', async () => {
    const env = { ...process.env, TOCSIN_CONFIG: tocsin.env['TOCSIN_CONFIG'] };
    const list = await cli(env, '--json', 'list');
    assert.equal(list.code, 0);
    assert.deepEqual((list.json as { runbooks: string[] }).runbooks, [
      'clearDisk',
      'drainNode',
      'killBlockers',
      'patchFleet',
      'patchWave',
      'restartService',
    ]);
    const check = await cli(env, '--json', 'check');
    assert.deepEqual([check.code, check.json], [0, { ok: true, problems: [], warnings: [] }]);
  });

  it('--version says which one it is, also where the configuration is broken', async () => {
    const file = join(tocsin.servers.dir, 'unreadable.yaml');
    writeFileSync(file, 'regions: [');
    const { code, stdout } = await cli(process.env, '-c', file, '--version');
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      version: string;
    };
    assert.deepEqual([code, stdout], [0, `${version}\n`]);
  });

  it('check reports all problems at once', async () => {
    const file = join(tocsin.servers.dir, 'broken.yaml');
    writeFileSync(file, 'regions: [EU]\nnats: { duplicateWindow: 1y }\ntypo: 1\n');
    const { code, json } = await run('-c', file, 'check');
    assert.equal(code, 2);
    const [text = ''] = (json as { problems: string[] }).problems;
    for (const place of ['/regions/0', '/nats/duplicateWindow', '/typo']) assert.ok(text.includes(place), text);
  });

  it('topology finds nothing to change', async () => {
    const { code, json } = await run('topology');
    assert.deepEqual([code, json], [0, { differences: [], applied: false }]);
  });

  it('a server that is away is exit code 3', async () => {
    const { code, json } = await cli(
      { ...tocsin.env, NATS_URL: 'nats://127.0.0.1:1' },
      '--json',
      'dead-letters',
      'list',
    );
    assert.equal(code, 3);
    assert.match((json as { error: string }).error, /NATS at nats:\/\/127\.0\.0\.1:1 does not answer/);
  });

  it('emit stores an alert, and explain answers by key, by id, by label and by workflow id', async () => {
    const file = join(tocsin.servers.dir, 'alert.json');
    writeFileSync(file, JSON.stringify(alertmanagerPayload('firing', { instance: 'explained' })));
    const emitted = await run('emit', file, '--kind', 'alertmanager');
    assert.equal(emitted.code, 0);
    const [stored] = (emitted.json as { stored: { id: string; sequence: number }[] }).stored;
    assert.ok(stored);
    const records = await until('it is recorded', async () => {
      const found = await tocsin.records();
      return found.length > 0 && found;
    });
    const record = records.find(({ event }) => event.id === stored.id);
    const [started] = record?.dispositions ?? [];
    assert.ok(started?.kind === 'started');
    for (const query of [record?.event.alertKey ?? '', stored.id, 'instance=explained', started.workflowId]) {
      const { code, json } = await run('explain', query);
      assert.equal(code, 0, query);
      const [answer] = json as Explanation[];
      assert.equal(answer?.events[0]?.record?.event.id, stored.id, query);
      assert.equal(answer?.runs[0]?.workflowId, started.workflowId, query);
      assert.equal(answer?.episode?.generation, 1, query);
    }
  });

  it('explain says why a trigger did not want an event, and that nothing was found', async () => {
    await storeAlert(tocsin.log, tocsin.region, 'firing', { name: 'Other', instance: 'other' });
    const answer = await until('it is recorded', async () => {
      const { json } = await run('explain', 'instance=other');
      return (json as Explanation[])[0];
    });
    assert.deepEqual(answer.events[0]?.filtered, [
      { trigger: 'clear-disk', why: 'alert is "Other", not "NodeFilesystemSpaceFillingUp"' },
      { trigger: 'drain-node', why: 'alert is "Other", not "KubeNodeNotReady"' },
      { trigger: 'kill-blockers', why: 'alert is "Other", not "PostgresBlocked"' },
      { trigger: 'patch-fleet', why: 'type is tocsin.alert.firing, not tocsin.event.fleet.patch.requested' },
      { trigger: 'restart-service', why: 'alert is "Other", not "ServiceDown"' },
    ]);
    const nothing = await cli(tocsin.env, 'explain', 'nothing-of-this-name');
    assert.equal(nothing.code, 1);
    assert.match(nothing.stdout, /Expected an event id, an alert key, a workflow id or label=value/);
  });

  it('dead letters are listed, shown, put back and thrown away', async () => {
    const { log, region } = tocsin;
    for (const text of ['{"not": "finished"', 'nor this'])
      await log.publish(eventSubject(region, 'normal', 'nats', 'x'), Buffer.from(text));
    const letters = await until('two letters', async () => {
      const { json } = await run('dead-letters', 'list');
      const found = json as { name: string; reason: string }[];
      return found.length === 2 && found;
    });
    const [first, second] = letters;
    assert.ok(first && second);
    assert.equal(first.reason, 'not-json');
    const shown = await cli(tocsin.env, 'dead-letters', 'show', first.name);
    assert.match(shown.stdout, /\{"not": "finished"/);
    assert.equal((await run('dead-letters', 'discard', second.name)).code, 0);
    assert.equal((await run('dead-letters', 'redrive', first.name)).code, 0);
    await until('it is judged again, and buried again', async () => {
      const { json } = await run('dead-letters', 'list');
      const [letter] = json as { name: string }[];
      return letter !== undefined && letter.name !== first.name;
    });
    assert.equal((await run('dead-letters', 'discard', 'elsewhere/1')).code, 2);
    assert.equal((await run('dead-letters', 'show', first.name)).code, 1);
  });

  it('a trigger observes, is paused and resumed while everything runs; the list says who changed what', async () => {
    const keys = new Map<string, string | undefined>();
    const kindOf = async (instance: string): Promise<string> => {
      const { event } = await storeAlert(tocsin.log, tocsin.region, 'firing', { instance });
      keys.set(instance, event.partitionkey);
      const record = await until('it is recorded', async () =>
        (await tocsin.records()).find((each) => each.event.alertKey === event.partitionkey),
      );
      const [first] = record.dispositions;
      return first !== undefined && 'reason' in first ? `${first.kind}(${first.reason})` : (first?.kind ?? 'none');
    };
    /**
     * A change takes effect within two seconds, not at once. Resolves to the instance of which it was true; an alert is known by the first
     * eight characters of it.
     */
    const becomes = (wanted: string, prefix: string): Promise<string> => {
      let attempt = 0;
      return until(`${prefix} is ${wanted}`, async () => {
        const instance = `${prefix} ${attempt++}`;
        return (await kindOf(instance)) === wanted && instance;
      });
    };
    const runsOf = async (instance: string): Promise<number> => {
      let count = 0;
      for await (const { context } of tocsin.runs.startedSince(0))
        if (context?.alertKey === keys.get(instance)) count += 1;
      return count;
    };
    assert.equal((await run('trigger', 'mode', 'restart-service', 'observe', '--why', 'first week')).code, 0);
    await becomes('ignored(observed)', 'look');
    assert.equal((await run('trigger', 'mode', 'restart-service', 'auto')).code, 0);
    await becomes('started', 'auto');
    assert.equal((await run('trigger', 'pause', 'restart-service')).code, 0);
    const held = await becomes('held(paused)', 'pause');
    const resumed = await run('trigger', 'resume', 'restart-service');
    const { backlog } = resumed.json as { backlog: { title: string; detail: string }[] };
    assert.ok(backlog.length >= 1);
    assert.match(backlog[0]?.detail ?? '', /would run restartService/);
    assert.ok(
      backlog.some(({ title }) => title.includes(`on ${held} `)),
      JSON.stringify(backlog),
    );
    await becomes('started', 'resume');
    assert.equal((await run('trigger', 'pause', 'restart-service', '--ignore')).code, 0);
    const ignored = await becomes('ignored(paused)', 'ignore');
    const again = await run('trigger', 'resume', 'restart-service');
    const titles = (again.json as { backlog: { title: string }[] }).backlog.map(({ title }) => title);
    assert.ok(
      titles.every((title) => !title.includes(`on ${ignored} `)),
      'what was ignored is no backlog',
    );
    const last = await becomes('started', 'again');
    await until('what was stored last is seen to run', async () => (await runsOf(last)) === 1);
    assert.deepEqual(await Promise.all([held, ignored].map(runsOf)), [0, 0], 'nobody has started those');
    const list = await run('trigger', 'list');
    const [region] = list.json as { changes: { what: string; why: string }[] }[];
    assert.deepEqual(
      region?.changes.map(({ what, why }) => [what, why]),
      [
        ['first record', ''],
        ['mode observe', 'first week'],
        ['mode auto', ''],
        ['paused (hold)', ''],
        ['resumed', ''],
        ['paused (ignore)', ''],
        ['resumed', ''],
      ],
    );
    assert.equal((await run('trigger', 'mode', 'restart-service', 'maybe')).code, 2);
    assert.equal((await run('trigger', 'pause', 'nobody')).code, 2);
  });

  it('run starts a runbook by hand; the same id starts it once', async () => {
    const input = ['--input', '{"service":"checkout"}', '--id', 'by-hand'];
    const first = await run('run', 'restartService', ...input, '--wait');
    assert.equal(first.code, 0, first.stderr);
    const again = await run('run', 'restartService', ...input);
    const [a, b] = [first.json, again.json] as { runId: string }[];
    assert.equal(a?.runId, b?.runId);
    assert.equal((await run('run', 'restartServce')).code, 2);
    assert.equal((await run('run', 'restartService', '--input', '{"service":"unknown"}', '--wait')).code, 1);
  });

  it('audit proves it, and names a run without a record until it is repaired', async () => {
    const settled = await until('everything is recorded', async () => {
      const { code, json } = await run('audit');
      const [report] = json as AuditReport[];
      return code === 0 && report?.counts.pending === 0 && report;
    });
    assert.equal(settled.counts.stored, settled.counts.recorded);
    await createEngine({ client: tocsin.client, namespace: tocsin.servers.namespace }).start(orphan);
    const bad = await until('the run is seen', async () => {
      const { code, json } = await run('audit');
      return code === 1 && (json as AuditReport[])[0];
    });
    assert.deepEqual(
      bad.offenders.map(({ kind, what }) => [kind, what]),
      [['run-without-record', orphan.workflowId]],
    );
    assert.equal((await run('audit', '--repair')).code, 0);
    assert.equal((await run('audit')).code, 0);
  });
});

/** A run as a trigger process leaves it that dies between start and record, of an event that has expired since. */
const orphan = {
  workflowId: 'restart-service/orphan#1~00000000',
  workflowType: 'restartService',
  input: { service: 'checkout' },
  context: {
    trigger: 'restart-service',
    alertKey: 'orphan',
    generation: 1,
    attempt: 1,
    event: {
      id: 'orphan',
      type: 'tocsin.alert.firing',
      source: 'test',
      stream: eventStream('eu'),
      sequence: 1_000_000,
      title: null,
    },
    region: 'eu',
    service: 'checkout',
    severity: null,
    onResolved: 'cancel',
  },
  executionTimeoutMs: 60_000,
  summary: 'orphan',
} as const;
