import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { eventSubject } from '../../triggers/nats/subject.ts';
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
type Screen = Readonly<Record<string, Section>>;

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
      'dead-letters',
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
      assert.match(workers[0]?.identity ?? '', new RegExp(` ${part} v=`));
      assert.match(workers[0]?.tzdb ?? '', /^\d{4}[a-z]+$/);
    }
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

async function screens(child: ChildProcess, wanted: number): Promise<void> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  await until(`${wanted} screens`, () => text.split('✔ servers').length > wanted);
}
