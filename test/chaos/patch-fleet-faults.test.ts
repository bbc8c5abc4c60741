/**
 * What can go wrong with a target of patchFleet, and with those who are asked: the rollout stops well before its bound and says where, and the
 * post-mortem of the wave names the step, what was done, what was undone, and what is left to do for a human. Minutes, so run by name.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { makeKeys } from '../support/approvals.ts';
import { type BeginRun, beginsRuns } from '../support/begin-run.ts';
import { type FaultEnd, ended, judgeFault, section } from '../support/faulty-run.ts';
import { type HealthChecks, startHealthChecks } from '../support/health-checks.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { approveTooLate } from '../support/late-approval.ts';
import { type RecordingServices, recordingServices } from '../support/recording-services.ts';
import { until } from '../support/until.ts';

interface Fault {
  readonly name: string;
  readonly context?: Partial<RunContext>;
  /** Before the rollout begins; else once the first target is out of rotation. Returns what takes it back. */
  readonly before?: true;
  readonly strike: () => () => void;
  readonly meanwhile?: (id: string) => Promise<void>;
  /** What the rollout says. */
  readonly stopped: RegExp;
  /** Its first wave, which comes to its end; absent: none began. */
  readonly wave?: Omit<FaultEnd, 'ends'>;
  /** By the services' own record. */
  readonly changes: readonly string[];
}

const SERVICES = ['a', 'b'];
const COMMAND_TIMEOUT_MS = 5_000;
/** More than its waves need by their own declaration: they begin nothing that could not come to its end. */
const PATCH_WITHIN_MS = 7_200_000;
const TAKEN = 'take a out of rotation';
const dir = mkdtempSync(join(tmpdir(), 'tocsin-patched-'));
const { ann } = makeKeys();
assert.ok(ann !== undefined);
/** Where nothing answers, of those that are let through. */
let answering = true;

/** The command that patches ends so instead. */
const patchBy = (body: string) => (): (() => void) => {
  const control = join(dir, 'control');
  const was = readFileSync(control, 'utf8');
  writeFileSync(`${control}.next`, `if [ "$2" = patch ]; then\n${body}\nfi\n${was}`);
  renameSync(`${control}.next`, control);
  return () => writeFileSync(control, was);
};

const FAULTS: readonly Fault[] = [
  {
    name: 'sick from the start: it does not answer',
    before: true,
    strike: () => {
      answering = false;
      return () => {
        answering = true;
      };
    },
    stopped:
      /stopped: in wave \S+ 1 failed and 0 may\. failed: eu\/a \(a was sick before it was patched: .*\. done, and left as they are: none\. waves not begun: \S+/,
    wave: { done: [], undone: [] },
    changes: [],
  },
  {
    name: 'target gone in the middle',
    strike: () => {
      renameSync(join(dir, 'a'), join(dir, 'a.away'));
      return () => renameSync(join(dir, 'a.away'), join(dir, 'a'));
    },
    stopped: /failed: eu\/a \(.*exited with 9.*waves not begun: \S+/,
    wave: {
      failed: /^patch a: .*exited with 9/,
      human: /the undo of "take a out of rotation" failed: look how its target is, and undo it by hand/,
      done: [TAKEN],
      undone: [],
    },
    changes: ['a take-out'],
  },
  {
    name: 'half-finished effect',
    strike: patchBy('/bin/sh "$0.was" "$@"; echo "dpkg was interrupted" >&2; exit 1'),
    stopped: /failed: eu\/a \(.*exited with 1, expected 0: dpkg was interrupted.*waves not begun: \S+/,
    wave: { failed: /^patch a: .*exited with 1, expected 0: dpkg was interrupted/, done: [TAKEN], undone: [TAKEN] },
    changes: ['a take-out', 'a patch', 'a put-back'],
  },
  {
    name: 'hung command',
    strike: patchBy('exec sleep 3600'),
    stopped: /failed: eu\/a \(.*timed out.*waves not begun: \S+/,
    wave: { failed: /^patch a: .*timed out/, done: [TAKEN], undone: [TAKEN] },
    changes: ['a take-out', 'a put-back'],
  },
  {
    name: 'approval after expiry',
    before: true,
    context: { mode: 'approve' },
    strike: () => () => undefined,
    meanwhile: (id) => approveTooLate(tocsin.client, id, ann),
    stopped: /nobody approved plan [0-9a-f]{12} in time; nothing further was done/,
    changes: [],
  },
];

let tocsin: Installation;

describe('faults of patchFleet', () => {
  let health: HealthChecks;
  let services: RecordingServices;
  let begin: BeginRun;
  before(async () => {
    health = await startHealthChecks(dir, () => answering);
    const { origin } = health;
    services = recordingServices(dir, SERVICES, (name) => `${origin}/${name}`);
    writeFileSync(join(dir, 'control.was'), readFileSync(join(dir, 'control')));
    tocsin = await startInstallation({
      env: { TOCSIN_PROJECT: join(import.meta.dirname, '../support/short-rollout') },
      config: () => ({
        regions: [{ name: 'eu', zone: 'Europe/Berlin' }],
        windows: { 'night-patch': { times: ['00:00-24:00'] } },
        services: services.targets.map((target) => ({ ...target, timeoutMs: COMMAND_TIMEOUT_MS })),
        http: { allow: [{ origin, private: true }] },
        approvals: { keys: [ann.entry], expiry: '3s', reminders: [] },
      }),
    });
    begin = beginsRuns(tocsin, 'a');
    await tocsin.startReady('worker');
  });
  after(async () => {
    await tocsin?.stop();
    await health?.close();
    rmSync(dir, { recursive: true, force: true });
  });
  beforeEach(() => services.reset());

  const struck = async ({ context = {}, before: early, strike, meanwhile }: Fault): Promise<string> => {
    if (early !== true) writeFileSync(services.hold, '');
    let takeBack = early === true ? strike() : null;
    const id = await begin('patchFleet', {}, context, PATCH_WITHIN_MS);
    try {
      if (takeBack === null) {
        await until('it has acted once', () => services.changes().length > 0);
        takeBack = strike();
      }
      rmSync(services.hold, { force: true });
      await meanwhile?.(id);
      await ended(tocsin.client, id);
    } finally {
      rmSync(services.hold, { force: true });
      takeBack?.();
    }
    return id;
  };
  const wavesOf = async (id: string): Promise<string[]> => {
    const { events } = await tocsin.client.workflow.getHandle(id).fetchHistory();
    return (events ?? []).flatMap(
      ({ startChildWorkflowExecutionInitiatedEventAttributes: child }) => child?.workflowId ?? [],
    );
  };

  for (const fault of FAULTS)
    it(`${fault.name}: the rollout stops, and says what was done, undone, and is left to do`, async () => {
      const id = await struck(fault);
      const waves = await wavesOf(id);
      const done = waves.length === 0 ? [] : ['wave canary'];
      const page = await judgeFault(tocsin, id, { ends: 'failed', human: fault.stopped, done, undone: [] });
      assert.deepEqual(section(page, 'Left as it is'), []);
      for (const wave of waves) assert.ok(section(page, 'To do').join().includes(`tocsin runs show '${wave}'`), page);
      assert.equal(waves.length, fault.wave === undefined ? 0 : 1);
      if (fault.wave !== undefined) await judgeFault(tocsin, waves[0] ?? '', { ends: 'completed', ...fault.wave });
      assert.deepEqual(
        services.changes().map(({ service, verb }) => `${service} ${verb}`),
        fault.changes,
      );
    });
});
