import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { NATS_ROLES, type NatsUserRole } from '../../triggers/nats/permissions.ts';
import { passwordVariable } from '../../triggers/nats/server-config.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { type CliResult, cli } from '../support/cli.ts';
import { type RoleProcess, spawnRole } from '../support/installation.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { type SecuredNats, startSecuredNats } from '../support/secured-nats.ts';
import { type TestServers, startTestServers } from '../support/servers.ts';
import { until } from '../support/until.ts';

describe('processes and commands with the users of `topology --nats-config`', () => {
  let nats: SecuredNats;
  let temporal: TestServers;
  let env: NodeJS.ProcessEnv;
  let port: number;
  const roles: RoleProcess[] = [];
  before(async () => {
    for (const role of NATS_ROLES) process.env[passwordVariable(role)] = `password-of-${role}`;
    temporal = await startTestServers({ temporal: true });
    port = await freePort();
    const file = join(temporal.dir, 'tocsin.yaml');
    const services = [
      {
        name: 'checkout',
        region: 'eu',
        health: 'http://checkout.example/',
        status: ['/bin/false'],
        restart: ['/bin/false'],
      },
    ];
    writeFileSync(
      file,
      stringify({ dataDir: join(temporal.dir, 'data'), regions: ['eu'], intake: { port }, services }),
    );
    // Asked for before there is a server.
    const printed = await cli({ ...process.env, TOCSIN_CONFIG: file }, 'topology', '--nats-config');
    assert.equal(printed.code, 0, printed.stderr);
    nats = await startSecuredNats(() => printed.stdout);
    env = { ...process.env, TOCSIN_CONFIG: file, NATS_URL: nats.url, TEMPORAL_ADDRESS: temporal.temporalAddress };
  });
  after(async () => {
    await Promise.all(roles.map((role) => role.kill()));
    await nats.stop();
    await temporal.stopAll();
  });
  const as = (role: NatsUserRole): NodeJS.ProcessEnv => ({
    ...env,
    NATS_USER: `tocsin-${role}`,
    NATS_PASSWORD: `password-of-${role}`,
  });
  const tocsin = (role: NatsUserRole, ...args: string[]): Promise<CliResult> => cli(as(role), ...args, '--json');
  const start = async (role: NatsUserRole, name: string): Promise<void> => {
    const started = await spawnRole([name], as(role), temporal.dir);
    roles.push(started);
    await until(`${name} is ready`, () => started.ready());
  };

  it('an alert goes from the intake to a run; each part is another user', async () => {
    const provisioned = await tocsin('provisioner', 'topology', '--apply');
    assert.equal(provisioned.code, 0, provisioned.stderr + provisioned.stdout);
    await Promise.all([start('ingest', 'intake'), start('trigger', 'trigger'), start('worker', 'worker')]);
    const response = await fetch(`http://127.0.0.1:${port}/in/alertmanager`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alertmanagerPayload('firing')),
    });
    assert.equal(response.status, 202);
    const told = await until('the observer sees that a run was started', async () => {
      const { stdout } = await tocsin('observer', 'explain', 'service=checkout');
      return stdout.includes('"started"') && stdout;
    });
    assert.match(told, /restart-service\//);
    const tailed = await tocsin('observer', 'tail', '--since', '1h', '--limit', '2');
    assert.equal(tailed.code, 0, tailed.stderr);
    assert.match(tailed.stdout, /"kind":"stored"/);
    const audited = await tocsin('observer', 'audit');
    assert.equal(audited.code, 0, audited.stdout);
  });

  it('an operator acts and leaves a line; an observer reads it and cannot act', async () => {
    const paused = await tocsin('operator', 'trigger', 'pause', 'restart-service', '--why', 'incident 42');
    assert.equal(paused.code, 0, paused.stderr + paused.stdout);
    const listed = await tocsin('observer', 'operator-log', 'list');
    assert.match(
      listed.stdout,
      /"what": "paused \(hold\)",\s+"where": "trigger restart-service",\s+"why": "incident 42"/,
    );
    assert.equal((await tocsin('observer', 'operator-log', 'verify')).code, 0);
    assert.match(listed.stdout, /"what": "topology --apply"/, 'of the provisioner');
    const denied = await tocsin('observer', 'trigger', 'resume', 'restart-service');
    assert.notEqual(denied.code, 0);
    const [{ triggers }] = (await tocsin('observer', 'trigger', 'list')).json as [
      { triggers: { id: string; paused: string }[] },
    ];
    assert.equal(triggers.find(({ id }) => id === 'restart-service')?.paused, 'hold');
  });
});
