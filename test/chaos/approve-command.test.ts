import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Explanation } from '../../triggers/path/explain.ts';
import { loadKey, makeKey } from '../../workers/approval-key.ts';
import { openQuestion } from '../../workers/open-question.ts';
import { wholeActs } from '../support/acts.ts';
import { answerTo, send } from '../support/approvals.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { sampleOf } from '../support/sample-of.ts';
import { until } from '../support/until.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-keys-'));
const file = (name: string): string => join(dir, `${name}.pem`);
let tocsin: Installation;
let worker: RoleProcess;
let channel: Receiver;

before(async () => {
  channel = await startReceiver();
  const keys = [
    { id: 'ann', person: 'Ann', publicKey: makeKey(file('ann')) },
    { id: 'me', person: 'Me', login: userInfo().username, publicKey: makeKey(file('me')) },
  ];
  makeKey(file('stranger'));
  const notify = { channels: [{ kind: 'webhook', url: 'env:NOTIFY_URL' }], perMinute: 600 };
  tocsin = await startInstallation({
    env: { NOTIFY_URL: channel.url.href },
    config: () => ({ approvals: { keys, reminders: ['3s'] }, temporal: { uiUrl: 'https://ui.test' }, notify }),
  });
  await tocsin.service.exhaust();
  // In force before the first event: whoever only looks must not have acted once.
  await run('trigger', 'mode', 'restart-service', 'observe');
  [, worker] = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
});
after(async () => {
  await tocsin?.stop();
  await channel.close();
  rmSync(dir, { recursive: true, force: true });
});

const run = (...args: readonly string[]) => cli(tocsin.env, '--json', ...args);
const effects = (): number => tocsin.service.effects().length;
interface Started {
  readonly workflowId: string;
}
/** A run by hand that has asked; resolves to its id. */
async function asking(): Promise<string> {
  const started = await run('run', 'restartService', '--input', '{"service":"checkout"}', '--approve');
  assert.equal(started.code, 0, started.stderr);
  const { workflowId } = started.json as Started;
  await until('it asks', () => openQuestion(tocsin.client, workflowId));
  return workflowId;
}
/** The last line of the operator log says so. */
async function noted(what: string, id: string, why: string): Promise<void> {
  const line = (await wholeActs(tocsin.log, tocsin.region)).at(-1);
  assert.deepEqual([line?.what, line?.where.split(', ')[0], line?.why], [what, `run ${id}`, why]);
}
interface Told {
  readonly key: string;
  readonly severity: string;
  readonly title: string;
  readonly text: string;
  readonly link: string;
}
const toldOf = (id: string): Told[] =>
  channel.requests.map(({ body }) => JSON.parse(body) as Told).filter(({ key }) => key.startsWith(`run/${id}/`));
const refusedOf = (refusal: string): Promise<number> =>
  sampleOf(worker.metricsUrl, `tocsin_answers_refused_total{decision="approve",refusal="${refusal}"}`);
const errorOf = ({ json }: { readonly json: unknown }): string => (json as { error: string }).error;

describe('approving by command', () => {
  it('run --plan prints what it would do, with a hash, and does nothing', async () => {
    const before = effects();
    const { code, json } = await run('run', 'restartService', '--input', '{"service":"checkout"}', '--plan');
    const { outcome, hash, plan } = json as { outcome: string; hash: string; plan: { actions: { title: string }[] } };
    assert.deepEqual([code, outcome], [0, 'planned']);
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.deepEqual(
      plan.actions.map(({ title }) => title),
      ['take checkout out of rotation', 'restart checkout', 'put checkout back in rotation'],
    );
    const text = await cli(tocsin.env, 'run', 'restartService', '--input', '{"service":"checkout"}', '--plan');
    assert.match(
      text.stdout,
      /2\. restart checkout \(eu\): restartUnit \{"invocation":"checkout-1","service":"checkout"\}/,
    );
    assert.equal(effects(), before);
  });

  it('deny needs a reason, and ends the run without an effect', async () => {
    const before = effects();
    const id = await asking();
    const silent = await run('deny', id, '--key', file('ann'));
    assert.deepEqual([silent.code, errorOf(silent)], [2, 'to deny needs a reason: --why']);
    const { code, json } = await run('deny', id, '--key', file('ann'), '--why', 'not today');
    assert.deepEqual([code, (json as { state: string }).state], [0, 'denied']);
    assert.deepEqual(await tocsin.client.workflow.getHandle(id).result(), {
      outcome: 'denied',
      by: 'Ann',
      reason: 'not today',
      left: [],
    });
    assert.equal(effects(), before);
    await noted('deny', id, 'not today');
    const closed = await run('approve', id, '--key', file('ann'));
    assert.deepEqual([closed.code, errorOf(closed)], [1, `run ${id} is closed (completed): nothing to answer`]);
  });

  it('who started it cannot approve it; somebody else can, and only the plan that was read', async () => {
    const id = await asking();
    const own = await run('approve', id, '--key', file('me'));
    assert.deepEqual([own.code, (own.json as { refusal: string }).refusal], [1, 'requester']);
    const other = await run('approve', id, '--key', file('ann'), '--plan', 'abcdef');
    assert.equal(other.code, 1);
    assert.match(errorOf(other), /asks about plan [0-9a-f]{64}, not abcdef/);
    const { asked } = await openQuestion(tocsin.client, id);
    const details = await cli(tocsin.env, 'approve', id, '--key', file('ann'), '--plan', asked.planHash.slice(0, 12));
    assert.equal(details.code, 0, details.stdout + details.stderr);
    await noted('approve', id, '');
    assert.match(details.stdout, /1\. take checkout out of rotation .* undo: putBackInRotation[\s\S]*approved/);
    assert.equal(((await tocsin.client.workflow.getHandle(id).result()) as { outcome: string }).outcome, 'restarted');
    await tocsin.service.exhaust();
  });

  it('who may approve is told of the question, and again when nobody answers', async () => {
    const id = await asking();
    const { runId, asked } = await openQuestion(tocsin.client, id);
    const [first, second] = await until('they are told twice', () => toldOf(id).length > 1 && toldOf(id));
    assert.deepEqual(
      [first?.key, first?.severity, first?.title],
      [`run/${id}/approval ${asked.expiresAt} 0`, 'warning', 'restartService for checkout waits for approval'],
    );
    assert.match(first?.text ?? '', /^asked: Ann, Me\n[\s\S]*2\. restart checkout \(eu\)/);
    assert.equal(decodeURIComponent(first?.link ?? ''), `https://ui.test/namespaces/default/workflows/${id}/${runId}`);
    assert.deepEqual(
      [second?.severity, second?.title],
      ['critical', 'restartService for checkout waits for approval, asked 2 times'],
    );
    assert.equal((await run('deny', id, '--key', file('ann'), '--why', 'not now')).code, 0);
  });

  it('a wrong signature, the requester and an answer to another run have their lines in the operator log', async () => {
    const refusals = ['wrong-signature', 'other-workflow', 'requester'];
    const counted = () => Promise.all(refusals.map(refusedOf));
    const [id, other] = [await asking(), await asking()];
    const ring = tocsin.config.approvals.keys;
    const ann = loadKey(file('ann'), ring);
    const question = await openQuestion(tocsin.client, id);
    const forged = answerTo(question, { ...ann, privateKey: loadKey(file('me'), ring).privateKey }, 'approve');
    const ofOther = answerTo(await openQuestion(tocsin.client, other), ann, 'approve');
    const [before, countedBefore] = [effects(), await counted()];
    const refusalOf = async (answer: unknown): Promise<string> => {
      const result = await send(tocsin.client, id, 'approve', [answer]);
      return typeof result !== 'string' && !result.accepted ? result.refusal : assert.fail(JSON.stringify(result));
    };
    assert.equal(await refusalOf(forged), 'wrong-signature');
    assert.equal(await refusalOf(ofOther), 'other-workflow');
    assert.equal((await run('approve', id, '--key', file('me'))).code, 1);
    const lines = await until('all have their lines', async () => {
      const { json } = await run('operator-log', 'list');
      const found = (json as { where: string; what: string; by: string }[]).filter(
        ({ what, where }) => where === `run ${id}` && what.startsWith('answer refused'),
      );
      return found.length === 3 && found;
    });
    assert.deepEqual(
      lines.map(({ what }) => what),
      refusals.map((refusal) => `answer refused (${refusal})`),
    );
    assert.equal((await run('operator-log', 'verify')).code, 0);
    assert.deepEqual(
      await counted(),
      countedBefore.map((count) => count + 1),
    );
    assert.equal(effects(), before);
    for (const each of [id, other])
      assert.equal((await run('deny', each, '--key', file('ann'), '--why', 'not now')).code, 0);
  });

  it('answers that are garbage have lines in the operator log, the first of a run only; all are counted', async () => {
    const id = await asking();
    const before = (await wholeActs(tocsin.log, tocsin.region)).length;
    const handle = tocsin.client.workflow.getHandle(id);
    for (let i = 0; i < 12; i += 1)
      await assert.rejects(handle.executeUpdate<unknown, [string]>('approve', { args: ['yes'] }));
    await until('ten are told', async () => (await wholeActs(tocsin.log, tocsin.region)).length >= before + 10);
    const lines = (await wholeActs(tocsin.log, tocsin.region)).slice(before);
    assert.equal(lines.length, 10);
    assert.deepEqual(
      [lines[0]?.what, lines[0]?.where, lines[0]?.why],
      ['answer refused (malformed)', `run ${id}`, 'approve: expected an object'],
    );
    assert.equal(await refusedOf('malformed'), 12);
    await handle.terminate('the test is over');
  });

  it('a key that is revoked while the question is open counts for nothing, without a restart', async () => {
    const [id, before] = [await asking(), effects()];
    const path = tocsin.env['TOCSIN_CONFIG'] ?? '';
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, whole.replace('person: Ann', 'person: Ann\n      revoked: 2026-01-01T00:00:00Z'));
    const revoked = await run('approve', id, '--key', file('ann'));
    assert.deepEqual([revoked.code, (revoked.json as { refusal: string }).refusal], [1, 'revoked-key']);
    assert.equal(effects(), before);

    // Whole for the command that signs, not for the worker that judges.
    const question = await openQuestion(tocsin.client, id);
    const answer = answerTo(question, loadKey(file('ann'), tocsin.config.approvals.keys), 'approve');
    writeFileSync(path, 'approvals: { keys: [');
    const judged = send(tocsin.client, id, 'approve', [answer]);
    await until('the worker says that it cannot judge', () =>
      tocsin.logLines().some(({ msg }) => msg === 'the key ring cannot be read: no approval counts'),
    );
    assert.equal(effects(), before);
    writeFileSync(path, whole);
    assert.deepEqual(await judged, { accepted: true, state: 'approved', missing: 0 });
    assert.equal(((await tocsin.client.workflow.getHandle(id).result()) as { outcome: string }).outcome, 'restarted');
    await tocsin.service.exhaust();
  });

  it('keys that are missing, open to others or not in the ring, and runs that are unknown or ask nothing', async () => {
    const unknown = await run('approve', 'no-such-run', '--key', file('ann'));
    assert.deepEqual([unknown.code, errorOf(unknown)], [2, 'run "no-such-run" is unknown']);
    const stranger = await run('approve', 'any', '--key', file('stranger'));
    assert.equal(stranger.code, 2);
    assert.match(errorOf(stranger), /is not in approvals\.keys; its public key is /);
    assert.match(
      errorOf(await run('approve', 'any', '--key', file('nobody'))),
      /there is no key .*; `tocsin keys new`/,
    );
    chmodSync(file('stranger'), 0o644);
    assert.match(errorOf(await run('approve', 'any', '--key', file('stranger'))), /has mode 644, expected 600/);
    const started = { taskQueue: 'nobody', workflowId: 'silent', args: [{ service: 'checkout' }] };
    const { workflowId } = await tocsin.client.workflow.start('restartService', started);
    const silent = await run('approve', workflowId, '--key', file('ann'));
    assert.equal(silent.code, 1);
    assert.match(errorOf(silent), /asks nothing at this moment/);
    await tocsin.client.workflow.getHandle(workflowId).terminate('the test is over');
  });

  it('keys new writes a key that only its owner can read, and never over another', async () => {
    const out = file('new');
    const { code, json } = await run('keys', 'new', '--out', out, '--person', 'Zoe', '--id', 'zoe-1');
    const { entry } = json as { entry: Record<string, string> };
    assert.deepEqual([code, entry['id'], entry['person']], [0, 'zoe-1', 'Zoe']);
    assert.equal(statSync(out).mode & 0o777, 0o600);
    const again = await run('keys', 'new', '--out', out);
    assert.deepEqual([again.code, errorOf(again)], [2, `${out} is there already; a key is never written over`]);
  });

  it('a trigger in mode observe makes a plan that explain shows; in mode approve its run asks', async () => {
    const before = effects();
    const { event } = await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: 'observed' });
    const planned = await until('explain shows the plan', async () => {
      const { json } = await run('explain', event.partitionkey ?? '');
      return (json as Explanation[])[0]?.runs.find(({ plan }) => plan !== null);
    });
    assert.match(planned.workflowId, /^plan\/restart-service\//);
    assert.equal(planned.plan?.actions.length, 3);
    const text = await cli(tocsin.env, 'explain', event.partitionkey ?? '');
    assert.match(text.stdout, /ignored it: observed, would run restartService[\s\S]*2\. restart checkout/);
    assert.equal((await run('trigger', 'mode', 'restart-service', 'approve', '--why', 'second week')).code, 0);
    let attempt = 0;
    const workflowId = await until('a run is started', async () => {
      const stored = await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: `approve ${attempt++}` });
      const record = await until('it is recorded', async () =>
        (await tocsin.records()).find((each) => each.event.alertKey === stored.event.partitionkey),
      );
      const [first] = record.dispositions;
      return first?.kind === 'started' ? first.workflowId : null;
    });
    await until('it asks', () => openQuestion(tocsin.client, workflowId));
    assert.equal(effects(), before);
    const { code } = await run('approve', workflowId, '--key', file('ann'));
    assert.equal(code, 0);
    assert.equal(
      ((await tocsin.client.workflow.getHandle(workflowId).result()) as { outcome: string }).outcome,
      'restarted',
    );
    const audited = await tocsin.audit();
    assert.deepEqual(audited.offenders, [], 'a plan is no run that the audit misses');
  });

  it('without a runbook worker an answer is not judged, and the command says so', async () => {
    await tocsin.service.exhaust();
    const id = await asking();
    await worker.stop();
    const { code, json } = await run('approve', id, '--key', file('ann'));
    assert.equal(code, 3);
    assert.match(errorOf({ json }), /did not answer within 15 s; is a runbook worker up\?/);
    await tocsin.client.workflow.getHandle(id).terminate('the test is over');
  });
});
