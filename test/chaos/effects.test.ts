/** The worker is killed at every effect of runbooks on hosts; what was done is read from the hosts. Minutes, so run by name. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { RestartServiceReport } from '../../workflows/restart-service.ts';
import { type KillPoint, effectsOf, killPoints, runKilled } from '../support/effect-kills.ts';
import { failureOf } from '../support/failure-of.ts';
import { type HealthChecks, startHealthChecks } from '../support/health-checks.ts';
import { type HostsLab, LAB_UNIT, lacksHosts, startHostsLab } from '../support/hosts-lab.ts';
import { type RecordingServices, recordingServices } from '../support/recording-services.ts';
import { SHIPPED_EFFECTS } from '../support/shipped-effects.ts';

interface Lab extends HostsLab {
  /** In rotation, and treated by commands of the worker's own host. */
  readonly services: RecordingServices;
}

interface Killed {
  readonly what: string;
  readonly runbook: string;
  readonly input: (lab: Lab) => object;
  /** Activities of its effects in their order; the first test proves that the run really calls them. */
  readonly effects: readonly string[];
  /** Default: every moment of every effect. */
  readonly points?: readonly KillPoint[];
  /** What says that it has begun, and can be held. Default: the other host. */
  readonly target?: (lab: Lab) => { readonly begun: string; readonly hold: string };
  readonly prepare: (lab: Lab) => void;
  /** Each effect once, by the target's own record. */
  readonly judge: (lab: Lab, ended: Promise<unknown>, point?: KillPoint) => Promise<void>;
}

const LOOKS = ['observeService', 'observeDisk'];
const OLD = ['logs/app/1.gz', 'logs/app/deep/1.log'];
/** Well once it has been restarted. */
const CURABLE = 'curable';
/** Sick for good, so that the run undoes what it can. */
const INCURABLE = 'incurable';

const hasChanged = ({ services }: Lab, service: string): void => {
  const changes = services.changes();
  assert.deepEqual(
    changes.map(({ service: name, verb }) => `${name} ${verb}`),
    ['take-out', 'restart', 'put-back'].map((verb) => `${service} ${verb}`),
  );
  assert.equal(new Set(changes.map(({ key }) => key)).size, changes.length, 'one key for each step');
};

/** The attempt after a lost one cannot know, and says so. */
const saysWhoRestarted = ({ outcome, restarted, report }: RestartServiceReport, point?: KillPoint): void => {
  const isLost = point?.activity === 'restartUnit' && point.moment !== 'before';
  assert.deepEqual([outcome, restarted], ['restarted', !isLost]);
  assert.equal(/another instance of \w+ runs, perhaps started by an attempt before/.test(report), isLost);
};

const RUNBOOKS: readonly Killed[] = [
  {
    what: 'restartService, over ssh',
    runbook: 'restartService',
    input: () => ({ service: 'checkout' }),
    effects: ['restartUnit'],
    prepare: ({ units }) => units.set(LAB_UNIT, 'failed'),
    judge: async ({ units }, ended, point) => {
      saysWhoRestarted((await ended) as RestartServiceReport, point);
      const { active, jobs } = units.read(LAB_UNIT);
      assert.equal(active, 'active');
      assert.deepEqual(
        jobs.map(({ verb, from }) => ({ verb, from })),
        [{ verb: 'restart', from: '' }],
      );
    },
  },
  {
    what: 'restartService, in rotation and by commands of the host',
    runbook: 'restartService',
    input: () => ({ service: CURABLE }),
    effects: SHIPPED_EFFECTS.restartService,
    target: ({ services }) => services,
    prepare: ({ services }) => services.reset(),
    judge: async (lab, ended, point) => {
      saysWhoRestarted((await ended) as RestartServiceReport, point);
      hasChanged(lab, CURABLE);
    },
  },
  {
    what: 'restartService, which undoes',
    runbook: 'restartService',
    input: () => ({ service: INCURABLE }),
    effects: SHIPPED_EFFECTS.restartService,
    points: killPoints(['putBackInRotation']),
    target: ({ services }) => services,
    prepare: ({ services }) => services.reset(),
    judge: async (lab, ended) => {
      assert.match(await failureOf(ended), /incurable was restarted and is still sick/);
      hasChanged(lab, INCURABLE);
    },
  },
  {
    what: 'clearDisk',
    runbook: 'clearDisk',
    input: ({ disk }) => ({ host: 'web-1', path: disk.path }),
    effects: [...SHIPPED_EFFECTS.clearDisk, ...SHIPPED_EFFECTS.clearDisk],
    prepare: (lab) => {
      lab.fillDisk();
      // So much that both rules are needed.
      lab.disk.write('data', 1_500, 0);
    },
    judge: async (lab, ended) => {
      const { outcome, applied } = (await ended) as { outcome: string; applied: readonly string[] };
      assert.deepEqual([outcome, applied], ['cleared', ['old-archives', 'old-logs']]);
      const isThere = (name: string): boolean => existsSync(join(lab.disk.path, name));
      assert.deepEqual([...OLD, 'logs/app/young.log', 'data'].map(isThere), [false, false, true, true]);
      assert.equal(new Set(lab.prunes()).size, 2, 'one key for each step, however often it was tried');
    },
  },
];

describe('a worker that is killed at an effect', { skip: lacksHosts }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-effects-'));
  let health: HealthChecks;
  let lab: Lab;
  before(async () => {
    health = await startHealthChecks(dir, (service, restarts) => service === CURABLE && restarts > 0);
    const { origin } = health;
    const services = recordingServices(dir, [CURABLE, INCURABLE], (name) => `${origin}/${name}`);
    const config = { http: { allow: [{ origin, private: true }] } };
    lab = { ...(await startHostsLab({ services: services.targets, config })), services };
  });
  after(async () => {
    await lab?.stop();
    await health?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const { what, runbook, input, effects, points, target, prepare, judge } of RUNBOOKS)
    describe(what, () => {
      it('calls these effects, in this order', async () => {
        prepare(lab);
        const worker = await lab.tocsin.startReady('worker');
        const id = await lab.begin(runbook, input(lab));
        await judge(lab, lab.tocsin.client.workflow.getHandle(id).result());
        await worker.kill();
        assert.deepEqual(await effectsOf(lab.tocsin, id, LOOKS), effects);
      });

      for (const [index, point] of (points ?? killPoints(effects)).entries())
        it(`${point.moment} ${point.activity} ${point.occurrence}: the effect is there once`, async () => {
          prepare(lab);
          const { begun, hold } = target?.(lab) ?? lab.units;
          const begin = (): Promise<string> => lab.begin(runbook, input(lab));
          // Attempts on another host report that they go on, so that they are soon missed.
          const timesOut = target === undefined && index === 1;
          await judge(lab, runKilled({ tocsin: lab.tocsin, point, begun, hold, begin, timesOut }), point);
        });
    });
});
