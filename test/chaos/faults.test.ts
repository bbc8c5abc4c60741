/**
 * What can go wrong with a target, and with those who are asked: each time the run ends well before its bound, and its post-mortem names the
 * step, what was done, what was undone, and what is left to do for a human. A real sshd; units under the stand-in for systemctl. Minutes, so
 * run by name.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RunContext } from '../../workflows/kit/run-context.ts';
import { makeKeys } from '../support/approvals.ts';
import { type FaultEnd, ended, judgeFault } from '../support/faulty-run.ts';
import { type HostsLab, LAB_UNIT, lacksHosts, startHostsLab } from '../support/hosts-lab.ts';
import { approveTooLate } from '../support/late-approval.ts';
import { type RecordingServices, recordingServices } from '../support/recording-services.ts';
import { until } from '../support/until.ts';

const EXECUTION_TIMEOUT_MS = 300_000;
const COMMAND_TIMEOUT_MS = 30_000;
const UNHEALTHY = 'http://127.0.0.1:1/';

interface Fault extends FaultEnd {
  readonly name: string;
  readonly runbook?: string;
  readonly input?: object;
  readonly context?: Partial<RunContext>;
  /** Strikes once `checkout` has been taken out of rotation; for the others before the run begins. Returns what takes it back. */
  readonly strike: (lab: HostsLab) => Promise<() => Promise<void> | void>;
  readonly before?: true;
  /** While it waits. */
  readonly meanwhile?: (lab: HostsLab, id: string) => Promise<void>;
  /** By the services' own record. */
  readonly changes: readonly string[];
}

const TAKEN = 'take checkout out of rotation';
const STRUCK = { done: [TAKEN], undone: [TAKEN], changes: ['checkout take-out', 'checkout put-back'] } as const;

/** `restart` of a unit goes this way instead; `$REAL` is the program that was there. */
function restartBy(body: string): Fault['strike'] {
  return async ({ sshd }) => {
    const [program, real] = [join(sshd.bin, 'systemctl'), join(sshd.bin, 'systemctl.real')];
    renameSync(program, real);
    const script = ['#!/bin/sh', `REAL='${real}'`, '[ "$1" = restart ] || exec "$REAL" "$@"', body];
    writeFileSync(program, `${script.join('\n')}\n`, { mode: 0o755 });
    return () => renameSync(real, program);
  };
}

const { ann } = makeKeys();

const FAULTS: readonly Fault[] = [
  {
    name: 'target gone',
    strike: async ({ sshd }) => {
      await sshd.kill();
      return () => sshd.start();
    },
    ends: 'failed',
    failed: /^restart checkout: cannot reach host web-1/,
    human: /find out why "restart checkout" failed/,
    ...STRUCK,
  },
  {
    name: 'auth refused',
    strike: async ({ sshd }) => sshd.refuseKey(),
    ends: 'failed',
    failed: /^restart checkout: host web-1 .* refuses our key/,
    human: /a human has to look/,
    ...STRUCK,
  },
  {
    name: 'half-finished effect',
    strike: restartBy('"$REAL" stop -- "$3"; echo "Job failed" >&2; exit 1'),
    ends: 'failed',
    failed: /^restart checkout: systemctl restart .* exited with 1/,
    human: /find out why "restart checkout" failed, and how its target is now/,
    ...STRUCK,
  },
  {
    name: 'output of 1 GB',
    strike: restartBy('head -c 1000000000 /dev/zero; exec "$REAL" "$@"'),
    ends: 'completed',
    done: [TAKEN, 'restart checkout', 'put checkout back in rotation'],
    undone: [],
    changes: ['checkout take-out', 'checkout put-back'],
  },
  {
    name: 'hung command',
    strike: restartBy('exec sleep 3600'),
    ends: 'failed',
    failed: /^restart checkout: .*timed out/,
    human: /find out why "restart checkout" failed/,
    ...STRUCK,
  },
  {
    name: 'partial fan-out failure',
    runbook: 'takeSomeOut',
    input: { services: ['checkout', 'cart', 'search'] },
    before: true,
    strike: async () => {
      const away = join(recordDir, 'cart.away');
      renameSync(join(recordDir, 'cart'), away);
      return () => renameSync(away, join(recordDir, 'cart'));
    },
    ends: 'failed',
    failed: /^take cart out of rotation: .* exited with 9/,
    human: /cart of 3 services could not be taken out[\s\S]*the undo of "take cart out of rotation" failed/,
    done: ['take checkout out of rotation', 'take search out of rotation'],
    undone: ['take checkout out of rotation', 'take search out of rotation'],
    changes: ['checkout put-back', 'checkout take-out', 'search put-back', 'search take-out'],
  },
  {
    name: 'approval after expiry',
    before: true,
    context: { mode: 'approve' },
    strike: async () => () => undefined,
    meanwhile: ({ tocsin }, id) => approveTooLate(tocsin.client, id, ann ?? assert.fail()),
    ends: 'failed',
    human: /nobody approved plan [0-9a-f]{12} in time; nothing further was done/,
    done: [],
    undone: [],
    changes: [],
  },
  // Last: the key stays changed.
  {
    name: 'host key changed',
    strike: async ({ sshd }) => {
      await sshd.changeHostKey();
      return () => undefined;
    },
    ends: 'failed',
    failed: /^restart checkout: host web-1 .* is not who ssh\.knownHosts says; a human has to look/,
    human: /a human has to look/,
    ...STRUCK,
  },
];

const recordDir = mkdtempSync(join(tmpdir(), 'tocsin-faults-'));

describe('faults', { skip: lacksHosts }, () => {
  let lab: HostsLab;
  let services: RecordingServices;
  before(async () => {
    services = recordingServices(recordDir, ['checkout', 'cart', 'search'], () => UNHEALTHY);
    const [checkout, ...others] = services.targets;
    assert.ok(checkout !== undefined && ann !== undefined);
    const { takeOut, putBack } = checkout;
    const systemd = { host: 'web-1', unit: LAB_UNIT };
    lab = await startHostsLab({
      env: { TOCSIN_PROJECT: join(import.meta.dirname, '../support/undo-project') },
      config: {
        services: [
          { name: 'checkout', region: 'eu', systemd, takeOut, putBack, timeoutMs: COMMAND_TIMEOUT_MS },
          ...others,
        ],
        http: { allow: [{ origin: new URL(UNHEALTHY).origin, private: true }] },
        approvals: { keys: [ann.entry], expiry: '3s', reminders: [] },
      },
    });
    await lab.tocsin.startReady('worker');
  });
  after(async () => {
    await lab?.stop();
    rmSync(recordDir, { recursive: true, force: true });
  });

  async function struck(fault: Fault): Promise<string> {
    const { runbook = 'restartService', input = { service: 'checkout' }, context = {}, strike, meanwhile } = fault;
    services.reset();
    lab.units.set(LAB_UNIT, 'failed');
    if (fault.before !== true) writeFileSync(services.hold, '');
    const early = fault.before === true ? await strike(lab) : null;
    const id = await lab.begin(runbook, input, { service: 'checkout', ...context }, EXECUTION_TIMEOUT_MS);
    if (early === null) await until('it has acted once', () => services.changes().length > 0);
    const takeBack = early ?? (await strike(lab));
    rmSync(services.hold, { force: true });
    try {
      await meanwhile?.(lab, id);
      await ended(lab.tocsin.client, id);
    } finally {
      await takeBack();
    }
    return id;
  }

  for (const fault of FAULTS)
    it(`${fault.name}: the run is ${fault.ends}, and says what was done, undone, and is left to do`, async () => {
      const id = await struck(fault);
      await judgeFault(lab.tocsin, id, fault);
      const changes = services.changes().map(({ service, verb }) => `${service} ${verb}`);
      assert.deepEqual(changes.toSorted(), fault.changes.toSorted());
    });
});
