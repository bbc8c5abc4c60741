/** What roles that run already do when a real Temporal refuses their API key, and when it takes one again. */
import assert from 'node:assert/strict';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { EXIT } from '../../workers/exit-code.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { cli } from '../support/cli.ts';
import type { Installation, LogLine, RoleProcess } from '../support/installation.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { NAMESPACE, type SecuredInstallation, startSecuredInstallation } from '../support/secured-installation.ts';
import { temporalClusterMissing } from '../support/secured-temporal.ts';
import { until } from '../support/until.ts';

const PART = 'access to Temporal';
/** The SDK tries for a minute, and a worker may drain for as long again. */
const GIVES_UP_MS = 240_000;

describe('an API key that Temporal refuses while roles run', { skip: temporalClusterMissing() }, () => {
  let secured: SecuredInstallation;
  let tocsin: Installation;
  let receiver: Receiver;
  let intakePort: number;
  let roles: RoleProcess[] = [];

  before(async () => {
    receiver = await startReceiver();
    secured = await startSecuredInstallation();
    ({ tocsin } = secured);
    intakePort = await freePort();
    tocsin.env['TOCSIN_INTAKE_PORT'] = String(intakePort);
    writeFileSync(join(tocsin.servers.dir, 'webhook'), receiver.url.href);
    const channels = [{ kind: 'webhook', url: `file:${join(tocsin.servers.dir, 'webhook')}` }];
    appendFileSync(
      tocsin.env['TOCSIN_CONFIG'] ?? assert.fail('no configuration'),
      stringify({ notify: { channels, watch: { every: '500ms' } } }),
    );
  });
  afterEach(async () => {
    await Promise.all(roles.map((role) => role.kill()));
    roles = [];
  });
  after(async () => {
    await secured?.stop();
    await receiver?.close();
  });

  const start = async (...args: readonly string[]): Promise<RoleProcess> => {
    const role = await tocsin.startReady(...args);
    roles.push(role);
    return role;
  };
  const linesOf = (pid: number): LogLine[] => tocsin.logLines().filter((line) => line['pid'] === pid);
  /** What they say of their access, each once. */
  const saidBy = ({ pid }: RoleProcess, level: number): string[] =>
    linesOf(pid)
      .filter((line) => line['part'] === PART && line.level === level)
      .map(({ msg }) => msg);

  const send = (instance: string): Promise<true> =>
    until(`${instance} is stored`, async () => {
      const { status } = await fetch(`http://127.0.0.1:${intakePort}/in/alertmanager`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alertmanagerPayload('firing', { instance })),
      });
      return status === 202;
    });
  const recordsOf = async (instances: readonly string[]) =>
    (await tocsin.records()).filter(({ event }) => instances.includes(event.labels['instance'] ?? ''));

  const saysWhy = (role: RoleProcess, part: string, why: RegExp): Promise<true> =>
    until(`not ready: ${part}`, async () => {
      const { ready, parts, reasons } = await role.readiness();
      return !ready && parts[part] === false && why.test(reasons?.[part] ?? '');
    });

  /** Each of them has its record and its one run, which completes. */
  async function eachRunsOnce(instances: readonly string[]): Promise<void> {
    const records = await until(
      'each has its record',
      async () => {
        const found = await recordsOf(instances);
        return found.length === instances.length && found;
      },
      GIVES_UP_MS,
    );
    for (const { dispositions } of records)
      assert.deepEqual(
        dispositions.map(({ kind }) => kind),
        ['started'],
      );
    const sequences = new Set(records.map(({ position }) => position.sequence));
    const own = async () => {
      const found = [];
      for await (const run of secured.runs.startedSince(0))
        if (sequences.has(run.context?.event?.sequence ?? -1)) found.push(run);
      return found;
    };
    await until('their runs are completed', async () => {
      const found = await own();
      return found.length >= instances.length && found.every(({ status }) => status === 'completed');
    });
    assert.equal((await own()).length, instances.length);
    for await (const letter of tocsin.path.deadLetters.list()) assert.fail(`buried: ${JSON.stringify(letter)}`);
  }

  it('is revoked: all say why, events are kept, workers end; it is accepted again: each event starts its run once', async () => {
    const key = secured.cluster.revocableKey(`${NAMESPACE}:write`);
    tocsin.env['TEMPORAL_API_KEY'] = key.apiKey;
    const [trigger, worker, hands, intake] = await Promise.all([
      start('trigger'),
      start('worker'),
      start('worker', '--no-runbooks'),
      start('intake'),
    ]);
    await send('before');
    await eachRunsOnce(['before']);

    key.revoke();
    const why = /The API key is not accepted: set TEMPORAL_API_KEY to one .* start this one again then/;
    await Promise.all([trigger, worker, hands].map((role) => saysWhy(role, PART, why)));
    await saysWhy(worker, 'runbook worker', why);
    await saysWhy(hands, `activity worker ${tocsin.region}`, why);
    const kept = ['kept 1', 'kept 2', 'kept 3'];
    for (const instance of kept) await send(instance);
    await saysWhy(trigger, `trigger ${tocsin.region}`, why);
    assert.equal(await intake.ready(), true, 'what comes in is stored all the same');
    await until('people are told', () =>
      receiver.requests.some(({ body }) => body.includes(`/${PART}`) && why.test(body)),
    );

    for (const role of [worker, hands]) {
      const last = await until('it has ended', () => Promise.race([role.ended, Promise.resolve(null)]), GIVES_UP_MS);
      assert.match(last, /^1\n/);
      assert.match(
        last.trimEnd().split('\n').at(-1) ?? '',
        /ended, because the .*worker.* could not go on: .* refuses/,
      );
      assert.match(last, why);
      assert.equal(saidBy(role, 50).length, 1);
    }
    const again = await cli(tocsin.env, 'worker');
    assert.equal(again.code, EXIT.refused, again.stderr);
    assert.match(again.stdout + again.stderr, /The API key is not accepted: set TEMPORAL_API_KEY/);

    assert.equal(saidBy(trigger, 50).length, 1, 'said once');
    const sweeps = linesOf(trigger.pid).filter(({ level, msg }) => level === 40 && msg.startsWith('sweep failed'));
    assert.equal(sweeps.length, 1, 'and not with each sweep');
    assert.deepEqual(await recordsOf(kept), [], 'nothing is decided about them');
    key.acceptAgain();
    await until('the trigger process is ready again', () => trigger.ready());
    await start('worker');
    await eachRunsOnce(kept);
    assert.deepEqual(saidBy(trigger, 30), ['Temporal lets this process in again']);
  });

  for (const [name, badKey, why] of [
    [
      'expires',
      () => secured.cluster.passingKey(10, `${NAMESPACE}:write`),
      /The API key expired at .*: set api_key in the profile to a new one\. .*no restart is needed/,
    ],
    [
      'may only read from now on',
      () => secured.cluster.apiKey(`${NAMESPACE}:read`),
      /has no right to do this .* set another api_key in the profile\. .*no restart is needed/,
    ],
  ] as const)
    it(`in a profile ${name}, and another is written there: all go on without a restart`, async () => {
      const profile = join(tocsin.servers.dir, 'temporal.toml');
      const write = (apiKey: string): void => writeFileSync(profile, `[profile.default]\napi_key = "${apiKey}"\n`);
      write(secured.cluster.apiKey(`${NAMESPACE}:write`));
      delete tocsin.env['TEMPORAL_API_KEY'];
      tocsin.env['TEMPORAL_CONFIG_FILE'] = profile;
      const [trigger, worker] = await Promise.all([start('trigger'), start('worker'), start('intake')]);

      write(badKey());
      await Promise.all([trigger, worker].map((role) => saysWhy(role, PART, why)));
      await send(name);
      await saysWhy(trigger, `trigger ${tocsin.region}`, why);
      assert.deepEqual(await recordsOf([name]), []);
      rmSync(profile);
      write(secured.cluster.apiKey(`${NAMESPACE}:write`));
      await Promise.all([trigger, worker].map((role) => until('ready again', () => role.ready())));
      await eachRunsOnce([name]);
      for (const role of [trigger, worker]) assert.equal(saidBy(role, 50).length, 1, 'said once');
    });
});
