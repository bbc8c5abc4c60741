import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { actStream } from '../../triggers/nats/subject.ts';
import { regionTopology } from '../../triggers/nats/topology.ts';
import { createOperatorLog } from '../../triggers/path/operator-log.ts';
import { wholeActs } from '../support/acts.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { alertmanagerPayload } from '../support/payloads.ts';

const INPUT = '{"service":"checkout"}';

describe('what a person does by command', () => {
  let tocsin: Installation;
  before(async () => {
    tocsin = await startInstallation();
  });
  after(() => tocsin.stop());

  const run = (...args: readonly string[]) => cli(tocsin.env, '--json', ...args);
  const withoutNats = (...args: readonly string[]) =>
    cli({ ...tocsin.env, NATS_URL: 'nats://127.0.0.1:1' }, '--json', ...args);
  const acts = async (): Promise<string[]> =>
    (await wholeActs(tocsin.log, 'eu')).map(({ what, where, why }) => `${what} | ${where} | ${why}`);
  const start = async (id: string): Promise<string> => {
    const { json, stderr } = await run('run', 'restartService', '--input', INPUT, '--id', id);
    return (json as { workflowId: string } | null)?.workflowId ?? assert.fail(stderr);
  };

  it('run and runs cancel leave a line each, with who and why; a plan leaves none', async () => {
    const id = await start('noted');
    const planned = await run('run', 'restartService', '--input', INPUT, '--plan', '--timeout', '1s');
    assert.equal(planned.code, 1, 'no worker is there to plan');
    assert.equal((await run('runs', 'cancel', id, '--why', 'wrong service')).code, 0);
    assert.deepEqual(await acts(), [`run (auto) | ${id} | ${INPUT}`, `cancel | run ${id} | wrong service`]);
    const [line] = await wholeActs(tocsin.log, 'eu');
    assert.equal(line?.by, `${userInfo().username}@${hostname()}`);
  });

  it('emit leaves a line with the hash of what was sent, not its content', async () => {
    const file = join(tocsin.servers.dir, 'alert.json');
    writeFileSync(file, JSON.stringify(alertmanagerPayload('firing', { instance: 'emitted' })));
    const emitted = await run('emit', file, '--kind', 'alertmanager');
    assert.equal(emitted.code, 0, emitted.stdout + emitted.stderr);
    const line = (await acts()).at(-1) ?? '';
    assert.match(line, /^emit \| sender by-hand \| alertmanager, sha256 [0-9a-f]{64}$/);
  });

  it('topology --apply leaves a line when it changes something', async () => {
    const before = await acts();
    assert.equal((await run('topology', '--apply')).code, 0);
    assert.deepEqual(await acts(), before, 'nothing was to change');
    const file = join(tocsin.servers.dir, 'two-regions.yaml');
    writeFileSync(file, JSON.stringify({ regions: ['eu', 'us'], nats: { duplicateWindow: '100ms' } }));
    const changed = await run('-c', file, 'topology', '--apply');
    assert.equal(changed.code, 0, changed.stderr + changed.stdout);
    for (const region of ['eu', 'us']) {
      const line = (await wholeActs(tocsin.log, region)).at(-1);
      assert.equal(line?.what, 'topology --apply', region);
      assert.match(line.why, /stream EVENTS_US: missing/, region);
    }
  });

  it('operator-log verify names the line that is missing and the one that was changed, and fails', async () => {
    const region = 'ap';
    const specs = regionTopology(region, { duplicateWindowMs: 100, replicas: 1, ackWaitMs: 30_000 });
    // As somebody has it who can change the stream: ours refuses to take a line out.
    await tocsin.log.ensureTopology(
      specs
        .filter(({ name }) => name === actStream(region))
        .map((spec) => ({ ...spec, allowDelete: true, maxBytes: 1_048_576 })),
      true,
    );
    const file = join(tocsin.servers.dir, 'ap.yaml');
    writeFileSync(file, JSON.stringify({ regions: [region] }));
    const verify = () => cli(tocsin.env, '-c', file, 'operator-log', 'verify');
    const log = createOperatorLog(tocsin.log, region);
    for (const what of ['mode observe', 'paused (hold)', 'resume'])
      await log.append({ by: 'ann@laptop', what, where: 'trigger restart-service', why: '' });
    assert.equal((await verify()).code, 0);
    const last = (await tocsin.log.get(actStream(region), 3)) ?? assert.fail('no third line');
    await tocsin.log.publish(
      last.subject,
      Buffer.from(Buffer.from(last.data).toString().replace('ann@laptop', 'bob@laptop')),
    );
    for (const sequence of [2, 3]) await tocsin.log.remove(actStream(region), sequence);
    const found = await verify();
    assert.equal(found.code, 1);
    assert.match(found.stdout, /ACTS_AP #2-3 are missing/);
    assert.match(found.stdout, /ACTS_AP #4 was changed: its content does not fit its hash/);
  });

  it('without its line nothing begins, and what ends a run ends it all the same', async () => {
    const id = await start('brake');
    const refused = await withoutNats('run', 'restartService', '--input', INPUT, '--id', 'refused');
    assert.equal(refused.code, 3, refused.stdout);
    await assert.rejects(tocsin.client.workflow.getHandle(id.replace('brake', 'refused')).describe());
    const before = await acts();
    const canceled = await withoutNats('runs', 'cancel', id, '--why', 'now');
    assert.equal(canceled.code, 0, canceled.stderr);
    assert.match(canceled.stderr, /the operator log of eu could not be written: NATS at .* does not answer/);
    assert.deepEqual(await acts(), before);
  });

  it('a region that is not configured is refused, before anything is done', async () => {
    for (const args of [
      ['run', 'restartService', '--input', INPUT],
      ['emit', '--type', 'deploy.finished'],
    ])
      assert.equal((await run(...args, '--region', 'nowhere')).code, 2);
  });
});
