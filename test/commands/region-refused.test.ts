/** One of two regions does not let us do it: nothing of the other is hidden, and nobody is told to wait. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'nats';
import { stringify } from 'yaml';
import { connectLog } from '../../triggers/nats/nats-log.ts';
import type { EventLog } from '../../triggers/nats/port.ts';
import { actStream, eventStream } from '../../triggers/nats/subject.ts';
import { wholeActs } from '../support/acts.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { limitStream } from '../support/limit-stream.ts';
import { storeAlert } from '../support/payloads.ts';
import { type SecuredNats, startSecuredNats } from '../support/secured-nats.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';

/** `narrow` may not ask for anything of the API of JetStream. */
const USERS = `authorization { users = [
  { user: wide, password: pw }
  { user: narrow, password: pw, permissions: { publish: { deny: ["$JS.API.>", "$KV.>"] } } }
] }`;

const COMMANDS: readonly (readonly [name: string, args: readonly string[], told: RegExp])[] = [
  ['held list', ['held', 'list'], /^nothing is held$/m],
  ['dead-letters list', ['dead-letters', 'list'], /^no dead letters$/m],
  ['explain', ['explain', 'service=checkout', '--since', '1h'], /checkout on a fails its health check/],
  ['trigger list', ['trigger', 'list'], /^eu {2}restart-service/m],
  ['audit', ['audit', '--since', '1h'], /^ok {2}eu since .*: 1 stored = 0 recorded \+ 1 pending/m],
];
/** These look no further than the connection, or at nothing that could be missing. */
const CONNECTED: typeof COMMANDS = [
  ['sources', ['sources'], /^\/in\/am {2}alertmanager, auth none/m],
  ['tail', ['tail', '--since', '1h', '--limit', '1'], /eu #1 .*stored: tocsin\.alert\.firing/],
];

describe('commands while one of two regions refuses', () => {
  let us: SecuredNats;
  let eu: TestServers;
  let env: NodeJS.ProcessEnv;
  let log: EventLog;
  before(async () => {
    [us, eu] = await Promise.all([startSecuredNats(() => USERS), startTestServers({ nats: true, temporal: true })]);
    const file = join(eu.dir, 'tocsin.yaml');
    const senders = [{ name: 'am', kind: 'alertmanager', auth: { kind: 'none' } }];
    const regions = [
      { name: 'us', zone: 'UTC', nats: { url: us.url } },
      { name: 'eu', zone: 'UTC', nats: { url: eu.natsUrl } },
    ];
    writeFileSync(file, stringify({ dataDir: join(eu.dir, 'data'), regions, intake: { senders } }));
    env = { ...process.env, TOCSIN_CONFIG: file, TEMPORAL_ADDRESS: eu.temporalAddress };
    const set = await as('wide', 'topology', '--apply');
    assert.equal(set.code, 0, set.stdout + set.stderr);
    log = await connectLog({ servers: eu.natsUrl, name: 'test' });
    await storeAlert(log, 'eu', 'firing');
  });
  after(async () => {
    await log?.close();
    await us?.stop();
    await eu?.stopAll();
  });

  const as = (user: string, ...args: readonly string[]): Promise<CliResult> =>
    cli({ ...env, NATS_USER: user, NATS_PASSWORD: 'pw' }, ...args);
  const all = ({ stdout, stderr }: CliResult): string => `${stdout}\n${stderr}`;

  for (const [name, args, told] of [...COMMANDS, ...CONNECTED])
    it(`${name}: with credentials that us does not know, exit code 2 and what to correct`, async () => {
      const result = await as('stranger', ...args);
      assert.match(result.stdout, told, all(result));
      assert.match(
        all(result),
        /^(us: REFUSED|NOT AUDITED us, nothing is proved): NATS at nats:.* does not let us in: .*credentials.*Correct section nats/m,
      );
      assert.doesNotMatch(all(result), /NOT KNOWN|Is it up/);
      assert.equal(result.code, 2);
    });

  for (const [name, args, told] of COMMANDS)
    it(`${name}: without the right to read in us, exit code 2 and where to look`, async () => {
      const result = await as('narrow', ...args);
      assert.match(result.stdout, told, all(result));
      assert.match(
        all(result),
        /^(us: REFUSED|NOT AUDITED us, .*): .*(Permissions Violation|is not allowed).*`tocsin doctor`/im,
      );
      assert.equal(result.code, 2);
    });

  it('stop stops the other region, and does not say that waiting helps', async () => {
    const { code, json, stdout } = await as('narrow', '--json', 'stop', '--why', 'half');
    assert.equal(code, 2, stdout);
    const { regions, failures } = json as {
      readonly regions: readonly string[];
      readonly failures: readonly { readonly region: string; readonly exitCode: number }[];
    };
    assert.deepEqual([regions, failures.map(({ region, exitCode }) => [region, exitCode])], [['eu'], [['us', 2]]]);
    const resumed = await as('narrow', 'resume', '--discard');
    assert.match(resumed.stdout, /^NOT resumed in us: .*\n(.*\n)*Give the command again when this is mended\.$/m);
    assert.equal(resumed.code, 2, all(resumed));
    assert.equal((await as('narrow', 'resume', '--local')).code, 0);
  });

  for (const user of ['stranger', 'narrow'])
    it(`status ends for ${user} as the other commands do, and shows the other region`, async () => {
      const { code, stdout, stderr } = await as(user, 'status');
      assert.match(stdout, /^ *eu fullest stream: /m, stdout + stderr);
      assert.match(stdout, /^ *us: REFUSED: /m, stdout + stderr);
      assert.equal(code, 2, stdout + stderr);
    });

  it('doctor takes a server that refuses for none that is away', async () => {
    const { code, stdout } = await as('stranger', 'doctor');
    assert.match(stdout, /does not let us in/);
    assert.equal(code, 1);
  });

  describe('audit --repair without its line in the operator log', () => {
    it('audits, repairs nothing there, says so, and ends with exit code 1', async () => {
      const before = await limitStream(eu.natsUrl, actStream('eu'), 16);
      const acts = (await wholeActs(log, 'eu')).length;
      const result = await as('wide', 'audit', '--since', '1h', '--repair');
      await limitStream(eu.natsUrl, actStream('eu'), before);
      assert.match(result.stdout, /^ok {2}eu since .*: 1 stored = 0 recorded \+ 1 pending/m, all(result));
      assert.match(
        result.stdout,
        /^eu: audited, but NOT repaired, since the operator log has no line of it: .*doctor.*give the same `tocsin audit --repair` again/m,
      );
      assert.match(result.stdout, /^ok {2}us since/m);
      assert.equal(result.code, 1);
      assert.equal((await wholeActs(log, 'eu')).length, acts);
    });

    it('given again it is in the log, and ends well', async () => {
      const { code, json, stdout } = await as('wide', '--json', 'audit', '--since', '1h', '--repair');
      assert.equal(code, 0, stdout);
      assert.equal(stdout.includes('unlogged'), false);
      assert.equal((json as readonly unknown[]).length, 2);
      assert.equal((await wholeActs(log, 'eu')).at(-1)?.what, 'repair');
    });
  });

  it('a stream that is missing is made by topology --apply, and the command says so', async () => {
    const nats = await connect({ servers: us.url, user: 'wide', pass: 'pw' });
    await (await nats.jetstreamManager()).streams.delete(eventStream('us'));
    await nats.close();
    const result = await as('wide', 'audit', '--since', '1h');
    assert.match(result.stdout, /^NOT AUDITED us, .*stream not found.*`tocsin topology --apply` makes streams/m);
    assert.match(result.stdout, /^ok {2}eu since/m);
    assert.equal(result.code, 2, all(result));
  });
});
