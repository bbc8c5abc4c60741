import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname, userInfo } from 'node:os';
import { after, before, describe, it } from 'node:test';
import type { Client } from '@temporalio/client';
import { limitId } from '../../activities/limits/limit-id.ts';
import { eventSubject } from '../../triggers/nats/subject.ts';
import { LIMIT_WORKFLOW, REQUEST_SIGNAL } from '../../workflows/engine/limit-protocol.ts';
import type { LimitRule } from '../../workflows/engine/limits/rule.ts';
import { RUNBOOK_QUEUE } from '../../workflows/kit/run-context.ts';
import { packageVersion } from '../../workers/package-version.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { tocsinProcess } from '../support/tocsin-process.ts';
import { until } from '../support/until.ts';

interface Section {
  readonly bad: boolean;
  readonly error: string | null;
  readonly facts: unknown;
}
interface Lane {
  readonly lane: string;
  readonly waiting: number;
  readonly ageMs: number | null;
  readonly pulled: boolean;
}
interface Part {
  readonly part: string;
  readonly queue: string;
  readonly workers: readonly {
    readonly identity: string;
    readonly host: string | null;
    readonly version: string | null;
    readonly tzdb: string | null;
  }[];
}
interface LimitFacts {
  readonly inUse: readonly {
    readonly workflowId: string;
    readonly slots: number;
    readonly held: number;
    readonly waiting: number;
  }[];
}
interface RedButtonFacts {
  readonly regions: readonly {
    readonly region: string;
    readonly stops: readonly { readonly scope: string; readonly why: string; readonly by: string }[];
  }[];
}
type Screen = Readonly<Record<string, Section>>;

const factsIn = (screen: Screen, name: string): unknown => screen[name]?.facts;
const limitsIn = (screen: Screen): LimitFacts => factsIn(screen, 'limits') as LimitFacts;
const redButtonIn = (screen: Screen): RedButtonFacts => factsIn(screen, 'red-button') as RedButtonFacts;

describe('tocsin status', () => {
  let tocsin: Installation;
  before(async () => {
    tocsin = await startInstallation();
  });
  after(() => tocsin.stop());

  const look = async (): Promise<{ code: number; screen: Screen }> => {
    const { code, json } = await cli(tocsin.env, '--json', 'status');
    return { code, screen: json as Screen };
  };
  const lanes = ({ screen }: { screen: Screen }): readonly Lane[] => {
    const regions = screen['regions']?.facts as readonly { lanes: readonly Lane[] }[] | null;
    return regions?.[0]?.lanes ?? [];
  };

  it('says that nobody pulls, how many events wait and for how long', async () => {
    await storeAlert(tocsin.log, tocsin.region, 'firing');
    const seen = await look();
    assert.equal(seen.code, 1);
    const urgent = lanes(seen).find(({ lane }) => lane === 'urgent');
    assert.deepEqual([urgent?.waiting, urgent?.pulled], [1, false]);
    assert.ok((urgent?.ageMs ?? 0) > 0);
    assert.equal(seen.screen['servers']?.bad, false);
    assert.equal(seen.screen['workers']?.bad, true);
  });

  it('is content when all is well', async () => {
    await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
    const { screen } = await until('nothing needs anybody', async () => {
      const seen = await look();
      const runs = seen.screen['runs']?.facts as { byStatus: Record<string, number> } | null;
      return seen.code === 0 && runs?.byStatus['completed'] === 1 && seen;
    });
    assert.deepEqual(Object.keys(screen), [
      'at',
      'servers',
      'regions',
      'workers',
      'runs',
      'approvals',
      'limits',
      'dead-letters',
      'red-button',
      'triggers',
    ]);
  });

  it('shows host, version and zone data of the workers of each region', async () => {
    const { screen } = await look();
    const parts = screen['workers']?.facts as readonly Part[];
    assert.deepEqual(
      parts.map(({ part, queue }) => [part, queue]),
      [
        ['runbooks', 'runbooks'],
        ['eu', 'activities-eu'],
      ],
    );
    for (const { part, workers } of parts) {
      assert.deepEqual(
        workers.map(({ host, version }) => [host, version]),
        [[hostname(), packageVersion()]],
        part,
      );
      assert.match(workers[0]?.identity ?? '', new RegExp(` ${part}#[0-9a-f]{8} v=`));
      assert.match(workers[0]?.tzdb ?? '', /^\d{4}[a-z]+$/);
    }
  });

  it('shows who holds a limit and who waits, and calls one that has stopped bad', async () => {
    const idle = await look();
    assert.deepEqual(limitsIn(idle.screen).inUse, []);
    const held = await ask(tocsin.client, 'pool', null, ['a', 'b']);
    const { screen } = await until('it is held', async () => {
      const seen = await look();
      return limitsIn(seen.screen).inUse.length === 1 && seen;
    });
    const { inUse } = limitsIn(screen);
    assert.deepEqual(
      inUse.map(({ workflowId, slots, held: holders, waiting }) => [workflowId, slots, holders, waiting]),
      [[held, 1, 1, 1]],
    );
    assert.equal(screen['limits']?.bad, false, 'waiting for a turn is nothing bad');
    const sick = await ask(tocsin.client, 'fleet', { max: 1, withinMs: 600_000, of: 3 }, ['a', 'b']);
    const { stdout } = await until('it has stopped', async () => {
      const seen = await cli(tocsin.env, 'status');
      return seen.code === 1 && seen.stdout.includes('✖ limits') && seen;
    });
    assert.match(stdout, /✖ limits\n +scopes in use: 2\n +test-limit fleet=x: .*STOPPED: too many targets are sick/);
    assert.match(stdout, /test-limit pool=x: 1\/1 held, 1 waiting\n/);
    for (const id of [held, sick]) await tocsin.client.workflow.getHandle(id).terminate();
    await until('nothing needs anybody', async () => (await look()).code === 0);
  });

  it('shows what the red button stops, where, by whom and why, also by the stop file of this host', async () => {
    assert.equal((await cli(tocsin.env, 'stop', '--scope', 'service=nobody', '--why', 'drill')).code, 0);
    const { code, screen } = await look();
    assert.equal(code, 1);
    assert.deepEqual(
      Object.entries(screen)
        .filter(([, { bad }]) => bad)
        .map(([name]) => name),
      ['red-button'],
    );
    const { regions } = redButtonIn(screen);
    assert.deepEqual(
      regions.map(({ region, stops }) => [region, stops.map(({ scope, why, by }) => [scope, why, by])]),
      [['eu', [['service=nobody', 'drill', userInfo().username]]]],
    );
    assert.equal((await cli(tocsin.env, 'stop', '--local', '--scope', 'service=none', '--why', 'here')).code, 0);
    const { stdout } = await cli(tocsin.env, 'status');
    assert.match(stdout, /✖ red-button\n +this host: service=none stopped by stop file .*here/);
    assert.match(stdout, /eu: service=nobody stopped by .* at 20.*Z: drill \(\d+m?s ago\)/);
    assert.equal((await cli(tocsin.env, 'resume', '--scope', 'service=nobody')).code, 0);
    assert.equal((await cli(tocsin.env, 'resume', '--local', '--scope', 'service=none')).code, 0);
    const after = await look();
    assert.deepEqual([after.code, after.screen['red-button']?.bad], [0, false]);
  });

  it('goes on asking for a decision about what a lifted stop has held', async () => {
    assert.equal((await cli(tocsin.env, 'stop', '--why', 'drill')).code, 0);
    let fired = 0;
    await until('an event is held', async () => {
      await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: `held-${(fired += 1)}` });
      return (await tocsin.records()).some(({ dispositions }) => dispositions.some(({ kind }) => kind === 'held'));
    });
    assert.equal((await cli(tocsin.env, 'resume')).code, 0);
    const { code, stdout } = await cli(tocsin.env, 'status');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /✖ red-button\n +eu: everything is resumed, and what was held since 20.*Z is undecided: see tocsin resume\n/,
    );
    assert.equal((await cli(tocsin.env, 'resume', '--discard')).code, 0);
    await until('nothing needs anybody', async () => (await look()).code === 0);
  });

  it('names dead letters and paused triggers', async () => {
    await tocsin.log.publish(eventSubject('eu', 'normal', 'test', 'x'), Buffer.from('no event'));
    assert.equal((await cli(tocsin.env, 'trigger', 'pause', 'restart-service')).code, 0);
    const { stdout } = await until('both are there', async () => {
      const seen = await cli(tocsin.env, 'status');
      return seen.code === 1 && seen.stdout.includes('✖ dead-letters') && seen;
    });
    assert.match(stdout, /eu: 1, see tocsin dead-letters list/);
    assert.match(
      stdout,
      /✖ triggers\n.*3 of 5.*\n.*eu drain-node: approve\n.*eu restart-service: auto, paused \(hold\) for/,
    );
  });

  it('looks again with --watch until it is ended', async () => {
    const child = spawn(process.execPath, tocsinProcess('status', '--watch'), {
      env: tocsin.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await screens(child, 2);
    } finally {
      const gone = once(child, 'exit');
      child.kill('SIGINT');
      await gone;
    }
  });

  it('says which server is away, and what the other one knows: exit code 3', async () => {
    await tocsin.servers.temporal.kill();
    const half = await look();
    assert.equal(half.code, 3);
    assert.match(half.screen['runs']?.error ?? '', /Temporal at .* does not answer/);
    assert.equal(half.screen['dead-letters']?.error, null);
    await tocsin.servers.nats.kill();
    const none = await look();
    assert.equal(none.code, 3);
    assert.match(none.screen['regions']?.error ?? '', /NATS at .* does not answer/);
    await tocsin.servers.temporal.start();
    const other = await look();
    assert.equal(other.code, 3);
    assert.equal(other.screen['runs']?.error, null);
    await tocsin.servers.nats.start();
  });
});

/** Asks for a slot of `test-limit` as a step of a run does, once for each target; resolves to the id of the limit's workflow. */
async function ask(
  client: Client,
  scope: string,
  sick: LimitRule['sick'],
  targets: readonly string[],
): Promise<string> {
  const rule: LimitRule = {
    name: 'test-limit',
    scope: `${scope}=x`,
    slots: 1,
    failures: null,
    coolDownMs: 0,
    whenFull: 'queue',
    queueMax: 10,
    waitMs: 600_000,
    sick,
  };
  const workflowId = limitId(rule.name, rule.scope);
  for (const target of targets) {
    const request = {
      id: target,
      workflowId: `run ${target}`,
      runId: target,
      step: 'act',
      target,
      leaseMs: 600_000,
      attemptMs: 1_000,
      undo: false,
    };
    await client.workflow.signalWithStart(LIMIT_WORKFLOW, {
      workflowId,
      taskQueue: RUNBOOK_QUEUE,
      args: [{ rule, state: null }],
      signal: REQUEST_SIGNAL,
      signalArgs: [{ rule, request }],
    });
  }
  return workflowId;
}

async function screens(child: ChildProcess, wanted: number): Promise<void> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  await until(`${wanted} screens`, () => text.split('✔ servers').length > wanted);
}
