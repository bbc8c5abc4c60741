/** An installation whose Temporal sees nothing in clear, whose keys change from process to process, with runs that Ann approves by command. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import proto from '@temporalio/proto';
import { parse, stringify } from 'yaml';
import { makeKey } from '../../workers/approval-key.ts';
import { type CliResult, cli } from './cli.ts';
import { type Installation, type RoleProcess, startInstallation } from './installation.ts';
import { storeAlert } from './payloads.ts';
import { until } from './until.ts';

const { History } = proto.temporal.api.history.v1;
/** Of the configuration; both may be used. */
export const OLD = { id: 'old', key: 'env:TEST_KEY_OLD' };
export const NEW = { id: 'new', key: 'env:TEST_KEY_NEW' };

export interface EncryptedInstallation {
  readonly tocsin: Installation;
  run(...args: readonly string[]): Promise<CliResult>;
  /** What starts from now on has these keys; commands among it. */
  configure(keys: readonly object[]): void;
  /** Starts trigger and worker anew: every process reads its keys when it starts. Commands have those of the trigger. */
  encryptWith(keys: readonly object[], ofWorker?: readonly object[]): Promise<void>;
  /** The run of another alert. */
  begin(instance: string): Promise<string>;
  /** The same, once its plan waits for somebody; as a command sees it, that has the keys. */
  asking(instance: string): Promise<string>;
  untilItAsks(id: string): Promise<unknown>;
  shown(id: string): Promise<string>;
  /** And waits until everything is done. */
  approve(id: string): Promise<void>;
  /** What Temporal's server tells who has no key: the bytes, and under which keys they lie. */
  stored(workflowId: string): Promise<{ readonly text: string; readonly keys: readonly string[] }>;
  stop(): Promise<void>;
}

/** With the old key alone. */
export async function startEncrypted(): Promise<EncryptedInstallation> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-encrypted-'));
  const ann = join(dir, 'ann.pem');
  const people = [{ id: 'ann', person: 'Ann', publicKey: makeKey(ann) }];
  const tocsin = await startInstallation({
    env: { TEST_KEY_OLD: newKey(), TEST_KEY_NEW: newKey() },
    config: () => ({ approvals: { keys: people }, encryption: { keys: [OLD] } }),
  });
  let roles: readonly RoleProcess[] = [];
  const run = (...args: readonly string[]): Promise<CliResult> => cli(tocsin.env, ...args);
  const configure = (keys: readonly object[]): void => {
    const path = tocsin.env['TOCSIN_CONFIG'] ?? '';
    writeFileSync(path, stringify({ ...parse(readFileSync(path, 'utf8')), encryption: { keys } }));
  };
  const shown = async (id: string): Promise<string> => (await run('runs', 'show', id)).stdout;
  const untilItAsks = (id: string): Promise<unknown> =>
    until(`${id} asks`, async () => (await shown(id)).includes('2. restart checkout (eu): restartUnit'));
  const begin = async (instance: string): Promise<string> => {
    await tocsin.service.exhaust();
    const { ack } = await storeAlert(tocsin.log, tocsin.region, 'firing', { instance });
    return until(`the run of ${instance} is started`, async () => {
      const record = (await tocsin.records()).find(({ position }) => position.sequence === ack.sequence);
      const [first] = record?.dispositions ?? [];
      return first?.kind === 'started' && first.workflowId;
    });
  };
  const stop = async (): Promise<void> => {
    await tocsin.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const mode = await run('trigger', 'mode', 'restart-service', 'approve');
    assert.equal(mode.code, 0, mode.stderr);
    roles = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    tocsin,
    run,
    configure,
    encryptWith: async (keys, ofWorker = keys) => {
      await Promise.all(roles.map((role) => role.stop()));
      configure(ofWorker);
      const worker = await tocsin.startReady('worker');
      configure(keys);
      roles = [await tocsin.startReady('trigger'), worker];
    },
    begin,
    asking: async (instance) => {
      const id = await begin(instance);
      await untilItAsks(id);
      return id;
    },
    untilItAsks,
    shown,
    approve: async (id) => {
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
    },
    stored: async (workflowId) => {
      const { history } = await tocsin.client.workflowService.getWorkflowExecutionHistory({
        namespace: tocsin.servers.namespace,
        execution: { workflowId },
      });
      const text = Buffer.from(History.encode(history ?? {}).finish()).toString('latin1');
      return { text, keys: [...keyIdsIn(history)].toSorted() };
    },
    stop,
  };
}

const newKey = (): string => randomBytes(32).toString('base64');

function keyIdsIn(value: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return found;
  for (const [name, each] of Object.entries(value))
    if (name === 'encryption-key-id' && each instanceof Uint8Array) found.add(Buffer.from(each).toString('utf8'));
    else keyIdsIn(each, found);
  return found;
}
