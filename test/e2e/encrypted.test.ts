/** An installation whose Temporal sees nothing in clear: approvals by command, and another key while a run is open. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import proto from '@temporalio/proto';
import { parse, stringify } from 'yaml';
import { makeKey } from '../../workers/approval-key.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

const { History } = proto.temporal.api.history.v1;
const dir = mkdtempSync(join(tmpdir(), 'tocsin-encrypted-'));
const ann = join(dir, 'ann.pem');
const newKey = (): string => randomBytes(32).toString('base64');
const OLD = { id: 'old', key: 'env:TEST_KEY_OLD' };
const NEW = { id: 'new', key: 'env:TEST_KEY_NEW' };

let tocsin: Installation;
let roles: readonly RoleProcess[] = [];
let approved: string;

before(async () => {
  const keys = [{ id: 'ann', person: 'Ann', publicKey: makeKey(ann) }];
  tocsin = await startInstallation({
    env: { TEST_KEY_OLD: newKey(), TEST_KEY_NEW: newKey() },
    config: () => ({ approvals: { keys }, encryption: { keys: [OLD] } }),
  });
  const { code, stderr } = await run('trigger', 'mode', 'restart-service', 'approve');
  assert.equal(code, 0, stderr);
  await startRoles();
});
after(async () => {
  await tocsin?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const run = (...args: readonly string[]): Promise<CliResult> => cli(tocsin.env, ...args);
const startRoles = async (): Promise<void> => {
  roles = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
};

/** Every process reads its keys when it starts. */
async function encryptWith(keys: readonly object[]): Promise<void> {
  await Promise.all(roles.map((role) => role.stop()));
  const path = tocsin.env['TOCSIN_CONFIG'] ?? '';
  writeFileSync(path, stringify({ ...parse(readFileSync(path, 'utf8')), encryption: { keys } }));
  await startRoles();
}

/** An alert's run, once its plan waits for somebody; as a command sees it, that has the keys. */
async function asking(instance: string): Promise<string> {
  await tocsin.service.exhaust();
  const { ack } = await storeAlert(tocsin.log, tocsin.region, 'firing', { instance });
  const id = await until(`the run of ${instance} is started`, async () => {
    const record = (await tocsin.records()).find(({ position }) => position.sequence === ack.sequence);
    const [first] = record?.dispositions ?? [];
    return first?.kind === 'started' && first.workflowId;
  });
  await until(`${id} asks`, async () => (await shown(id)).includes('2. restart checkout (eu): restartUnit'));
  return id;
}
const shown = async (id: string): Promise<string> => (await run('runs', 'show', id)).stdout;

async function approve(id: string): Promise<void> {
  const before = tocsin.service.effects().length;
  const { code, stdout, stderr } = await run('approve', id, '--key', ann);
  assert.equal(code, 0, stdout + stderr);
  await until(`${id} is completed`, async () => /^completed/m.test(await shown(id)));
  assert.deepEqual(
    tocsin.service
      .effects()
      .slice(before)
      .map(({ action }) => action),
    ['take-out', 'restart', 'put-back'],
  );
}

/** What Temporal's server tells who has no key: the bytes, and under which keys they lie. */
async function stored(workflowId: string): Promise<{ readonly text: string; readonly keys: readonly string[] }> {
  const { history } = await tocsin.client.workflowService.getWorkflowExecutionHistory({
    namespace: tocsin.servers.namespace,
    execution: { workflowId },
  });
  const text = Buffer.from(History.encode(history ?? {}).finish()).toString('latin1');
  return { text, keys: [...keyIdsIn(history)].toSorted() };
}

function keyIdsIn(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return found;
  for (const [name, each] of Object.entries(value))
    if (name === 'encryption-key-id' && each instanceof Uint8Array) found.add(Buffer.from(each).toString('utf8'));
    else keyIdsIn(each, found);
  return found;
}

describe('with encryption', () => {
  it('a run is approved by command, and its plan, question and answer are nowhere in clear', async () => {
    approved = await asking('first');
    await approve(approved);
    const { text, keys } = await stored(approved);
    assert.deepEqual(keys, ['old']);
    for (const told of ['take checkout out of rotation', 'planHash', 'signature'])
      assert.ok(!text.includes(told), `${told} is stored in clear`);
  });

  it('a run that asks under the old key is approved under the new one', async () => {
    const id = await asking('rotated');
    await encryptWith([NEW, OLD]);
    await until('it still asks', async () => (await shown(id)).includes('2. restart checkout (eu): restartUnit'));
    await approve(id);
    assert.deepEqual((await stored(id)).keys, ['new', 'old']);
  });

  it('after the rotation runs of before are shown and explained, and a new run has the new key alone', async () => {
    const before = await shown(approved);
    assert.match(before, /^completed/m);
    assert.match(before, /✔ restart checkout/);
    const explained = await run('explain', approved);
    assert.equal(explained.code, 0, explained.stderr);
    assert.match(explained.stdout, /^run restart-service\/.* is completed$/m);
    const id = await asking('second');
    await approve(id);
    assert.deepEqual((await stored(id)).keys, ['new']);
  });

  it('without the old key a run of before is not shown, and the key that lacks is named', async () => {
    await encryptWith([NEW]);
    const { code, stderr, stdout } = await run('runs', 'show', approved);
    assert.notEqual(code, 0);
    assert.match(stderr + stdout, /encrypted with key "old", which is not configured here; expected one of new/);
  });
});
