import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { createSenderActivity } from '../../triggers/intake/sender-activity.ts';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import { type Config, loadConfig } from '../../workers/config.ts';
import { stopFilePath } from '../../workers/red-button/stop-file.ts';
import { type RegionPath, regionPath } from '../../workers/region-path.ts';
import { wholeActs } from '../support/acts.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { storeAlert } from '../support/payloads.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

interface Failure {
  readonly region: string;
  readonly error: string;
}
interface Stopped {
  readonly regions: readonly string[];
  readonly file: string | null;
  readonly runs: { readonly told: number } | null;
  readonly failures?: readonly Failure[];
}
type Screen = Readonly<
  Record<string, { readonly bad: boolean; readonly error: string | null; readonly facts: unknown }>
>;

/** The one that goes away comes first, so that whoever waits for it keeps the other one waiting. */
const REGIONS = ['us', 'eu'] as const;
const AWAY = /NATS at nats:\/\/.* does not answer/;

describe('commands while the NATS server of one of two regions is away', () => {
  const servers: TestServers[] = [];
  const paths = new Map<string, RegionPath>();
  let env: NodeJS.ProcessEnv;
  let config: Config;

  before(async () => {
    const [us, eu] = await Promise.all([
      startTestServers({ nats: true, temporal: true }),
      startTestServers({ nats: true }),
    ]);
    servers.push(us, eu);
    const file = join(us.dir, 'tocsin.yaml');
    const senders = [{ name: 'am', kind: 'alertmanager', auth: { kind: 'none' } }];
    const regions = REGIONS.map((name, index) => ({ name, zone: 'UTC', nats: { url: servers[index]?.natsUrl } }));
    writeFileSync(file, stringify({ dataDir: join(us.dir, 'data'), regions, intake: { senders } }));
    config = loadConfig({ file, env: {} });
    env = { ...process.env, TOCSIN_CONFIG: file, TEMPORAL_ADDRESS: us.temporalAddress };
    for (const [index, region] of REGIONS.entries()) {
      const log = await connectLog({ servers: servers[index]?.natsUrl ?? '', name: 'test' });
      paths.set(region, regionPath(region, log));
    }
    const set = await cli(env, 'topology', '--apply');
    assert.equal(set.code, 0, set.stdout + set.stderr);
  });
  afterEach(async () => {
    rmSync(stopFilePath(config), { force: true });
    await usBack();
    await until('the test sees both again', () => Promise.all(REGIONS.map((region) => stopsIn(region))));
    for (const region of REGIONS)
      await path(region).control.update((control) => ({ ...control, stops: [], backlogs: [] }), {
        at: new Date().toISOString(),
        by: 'test',
        why: '',
        trigger: null,
        what: 'cleared',
      });
  });
  after(async () => {
    for (const { log } of paths.values()) await log.close();
    for (const each of servers) await each.stopAll();
  });

  const run = (...args: readonly string[]): Promise<CliResult> => cli(env, '--json', ...args);
  const path = (region: string): RegionPath => paths.get(region) ?? assert.fail(region);
  const stopsIn = async (region: string): Promise<string[]> =>
    (await path(region).control.read()).stops.map(({ scope, why }) => `${scope} ${why}`);
  const usAway = async (): Promise<void> => servers[0]?.nats.kill();
  const usBack = async (): Promise<void> => {
    if (servers[0]?.nats.pid() === null) await servers[0].nats.start();
  };

  it('stop reaches the other region all the same, and says what goes on in the one it does not', async () => {
    await usAway();
    const { code, json, stdout, stderr } = await run('stop', '--why', 'half');
    assert.equal(code, 3, stdout);
    assert.deepEqual(await stopsIn('eu'), ['all half']);
    const { regions, failures, file, runs } = json as Stopped;
    assert.deepEqual([regions, failures?.map(({ region }) => region), runs?.told], [['eu'], ['us'], 0]);
    assert.match(failures?.[0]?.error ?? '', AWAY);
    assert.equal(file, stopFilePath(config));
    assert.ok(existsSync(file));
    assert.match(stderr, /^eu is stopped$/m);
    const acts = await wholeActs(path('eu').log, 'eu');
    assert.deepEqual([acts.at(-1)?.what, acts.at(-1)?.why], ['stop', 'half']);

    const said = (await cli(env, 'stop', '--why', 'again')).stdout;
    assert.match(said, /^NOT stopped everywhere: us: NATS at .* does not answer/);
    assert.match(said, /^everything stopped by .*again, in eu; no effect begins later than two seconds/m);
    assert.match(
      said,
      /^us: workers that still see its control record go on, .*refuse effects by themselves after 30s/m,
    );
    assert.match(said, /`tocsin stop --region us`/);
    assert.match(said, /^this host is stopped by .*STOP/m);
  });

  it('stop of a region asks nobody else', async () => {
    await usAway();
    const { code, json, stdout } = await run('stop', '--region', 'eu', '--scope', 'service=checkout');
    assert.equal(code, 0, stdout);
    assert.deepEqual((json as Stopped).regions, ['eu']);
    assert.deepEqual(await stopsIn('eu'), ['service=checkout ']);
  });

  it('a region whose server hangs does not keep the others waiting', async () => {
    const pid = servers[0]?.nats.pid() ?? assert.fail('no server');
    process.kill(pid, 'SIGSTOP');
    try {
      const stopping = run('stop', '--why', 'slow');
      await until('eu is stopped', async () => (await stopsIn('eu')).length > 0);
      await until('so is this host', () => existsSync(stopFilePath(config)));
      process.kill(pid, 'SIGCONT');
      const { code, json, stdout } = await stopping;
      // Had eu waited until us was given up, us would not be among them.
      assert.equal(code, 0, stdout);
      assert.deepEqual((json as Stopped).regions, ['us', 'eu']);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('resume lifts it where it can, keeps this host stopped, and is given again', async () => {
    assert.equal((await run('stop')).code, 0);
    await run('stop', '--local');
    await usAway();
    const half = await cli(env, 'resume');
    assert.equal(half.code, 3, half.stderr);
    assert.match(half.stdout, /^all is resumed in eu\./);
    assert.match(half.stdout, /^NOT resumed in us: NATS at .*\n.*stays stopped by .*STOP/m);
    assert.deepEqual(await stopsIn('eu'), []);
    assert.ok(existsSync(stopFilePath(config)));
    const again = await run('resume');
    assert.equal(again.code, 3, again.stdout);
    assert.match(again.stdout, /in eu all is not stopped here.*us: NOT KNOWN/);
    await usBack();
    const whole = await run('resume');
    assert.equal(whole.code, 0, whole.stdout);
    assert.deepEqual(await stopsIn('us'), []);
    assert.equal(existsSync(stopFilePath(config)), false);
  });

  describe('what was stored in the other region is told, and the one that is missing is named', () => {
    before(async () => {
      const { log, deadLetters } = path('eu');
      const { ack } = await storeAlert(log, 'eu', 'firing');
      const activity = createSenderActivity(log, 'eu');
      activity.note('am', { kind: 'accepted' });
      await activity.flush();
      const original = (await log.get(ack.stream, ack.sequence)) ?? assert.fail();
      const letter = { trigger: 'restart-service', reason: 'test', message: 'a test', deliveryCount: 1 };
      await deadLetters.bury({ ...letter, original, recordedBy: 'test' });
    });

    for (const [name, args, told] of [
      ['held list', ['held', 'list'], /^nothing is held$/m],
      ['dead-letters list', ['dead-letters', 'list'], /^eu\/1 .*restart-service {2}test: a test$/m],
      ['explain', ['explain', 'service=checkout', '--since', '1h'], /checkout on a fails its health check/],
      ['sources', ['sources'], /^\/in\/am {2}alertmanager, auth none, eu: .*1 stored/m],
    ] as const)
      it(name, async () => {
        await usAway();
        const { code, stdout, stderr } = await cli(env, ...args);
        assert.equal(code, 3, stdout + stderr);
        assert.match(stdout, told);
        assert.match(stdout, /^us: NOT KNOWN: NATS at /m);
        const facts = (await run(...args)).json as readonly { readonly region?: string; readonly error?: string }[];
        assert.deepEqual(
          facts.filter(({ error }) => error !== undefined).map(({ region }) => region),
          ['us'],
        );
        assert.equal(facts.length > 1, name !== 'held list');
        await usBack();
        const whole = await cli(env, ...args);
        assert.equal(whole.code, 0, whole.stdout + whole.stderr);
        assert.match(whole.stdout, told);
        assert.doesNotMatch(whole.stdout, /NOT KNOWN/);
      });

    it('explain, of what is nowhere else: it is not said that there is nothing', async () => {
      await usAway();
      const { code, stdout } = await cli(env, 'explain', 'am:NeverSeen', '--since', '1h');
      assert.equal(code, 3);
      assert.match(stdout, /^nothing about "am:NeverSeen" in regions eu within 1h/);
      assert.match(stdout, /^us: NOT KNOWN: NATS at /m);
    });

    it('tail', async () => {
      await usAway();
      const { code, stdout, stderr } = await cli(env, 'tail', '--since', '1h', '--limit', '1');
      assert.match(stdout, /eu #1 .*stored: tocsin\.alert\.firing/);
      assert.match(stderr, /^us: NOT KNOWN: NATS at /m);
      assert.equal(code, 3);
    });

    it('audit proves nothing about the region that is missing, and says so', async () => {
      await usAway();
      const { code, stdout } = await cli(env, 'audit', '--since', '1h');
      assert.match(stdout, /^ok {2}eu since .*: 1 stored = 0 recorded \+ 1 pending/m);
      assert.match(stdout, /^NOT AUDITED us, nothing is proved: NATS at .* does not answer/m);
      assert.equal(code, 3);
      const reports = (await run('audit', '--since', '1h')).json as readonly { region: string; ok: boolean }[];
      assert.deepEqual(
        reports.map(({ region, ok }) => [region, ok]),
        [
          ['eu', true],
          ['us', false],
        ],
      );
    });

    it('a letter is shown and put back while another region is away', async () => {
      await usAway();
      const shown = await cli(env, 'dead-letters', 'show', 'eu/1');
      assert.equal(shown.code, 0, shown.stdout + shown.stderr);
      const put = await cli(env, 'dead-letters', 'redrive', 'eu/1');
      assert.equal(put.code, 0, put.stdout + put.stderr);
    });

    it('and when no region answers, nothing is told: exit code 3', async () => {
      await usAway();
      for (const command of [['held', 'list'], ['dead-letters', 'list'], ['sources'], ['audit'], ['tail']]) {
        const { code, stdout } = await cli(env, ...command, '--region', 'us');
        assert.deepEqual([code, /ok|nothing|no dead/.test(stdout)], [3, false], command.join(' '));
      }
    });
  });

  it('trigger list and status show the other region, and name the one that is missing', async () => {
    assert.equal((await run('stop', '--region', 'eu', '--why', 'seen')).code, 0);
    await usAway();
    const listed = await cli(env, 'trigger', 'list');
    assert.equal(listed.code, 3);
    assert.match(listed.stdout, /^eu {2}RED BUTTON: everything stopped by .*seen$/m);
    assert.match(listed.stdout, /^us: NOT KNOWN: NATS at /m);
    const only = await cli(env, 'trigger', 'list', '--region', 'eu');
    assert.deepEqual([only.code, only.stdout.includes('us')], [0, false]);

    const { code, json } = await run('status');
    assert.equal(code, 3);
    const screen = json as Screen;
    for (const name of ['regions', 'dead-letters', 'triggers']) {
      const facts = screen[name]?.facts as readonly { region: string; error?: string }[];
      assert.deepEqual(new Set(facts.map(({ region }) => region)), new Set(REGIONS), name);
      assert.deepEqual(
        facts.filter(({ error }) => error !== undefined).map(({ region }) => region),
        ['us'],
        name,
      );
      assert.equal(screen[name]?.bad, true, name);
    }
    const button = screen['red-button']?.facts as { regions: readonly { region: string; stops?: unknown[] }[] } | null;
    assert.deepEqual(
      button?.regions.map(({ region, stops }) => [region, stops?.length]),
      [
        ['eu', 1],
        ['us', undefined],
      ],
    );
    const answers = screen['servers']?.facts as readonly { name: string; error: string | null }[];
    assert.deepEqual(
      answers.map(({ name, error }) => [name, error !== null]),
      [
        ['nats of us', true],
        ['nats of eu', false],
        ['temporal', false],
      ],
    );
  });
});
