/** Roles of profile `production` as processes, on servers that are made for a laptop. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { freePort } from '../../workers/servers/server-process.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { tocsinProcess } from '../support/tocsin-process.ts';
import { until } from '../support/until.ts';

/** Found before anything is opened. */
const SEEN_BEFORE = ['clear-text', 'default-sync', 'no-auth', 'open-intake'];
const ROLES = ['worker', 'trigger', 'intake'] as const;
const ENDS_WITHIN_MS = 60_000;

describe('roles of profile production', () => {
  let tocsin: Installation;
  before(async () => {
    const port = await freePort();
    tocsin = await startInstallation({ config: () => ({ profile: 'production', intake: { port } }) });
  });
  after(() => tocsin?.stop());

  function allow(names: readonly string[]): void {
    const path = tocsin.env['TOCSIN_CONFIG'] ?? '';
    writeFileSync(path, stringify({ ...parse(readFileSync(path, 'utf8')), allow: names }));
  }

  /** What it says when it ends by itself with exit code 2; one that starts is killed. */
  async function refusal(role: string): Promise<string> {
    const env = { ...tocsin.env, TOCSIN_HEALTH_PORT: String(await freePort()) };
    const bounds = { timeout: ENDS_WITHIN_MS, killSignal: 'SIGKILL', encoding: 'utf8' } as const;
    const { status, stderr } = spawnSync(process.execPath, tocsinProcess(role), { env, ...bounds });
    assert.equal(status, 2, stderr);
    return stderr;
  }

  for (const role of [...ROLES, 'up'])
    it(`${role} does not start, and names what is unsafe`, async () => {
      const said = await refusal(role);
      const [, named = ''] = /profile production does not start on this .*`allow: \[(.*)\]`/.exec(said) ?? [];
      assert.deepEqual(named.split(', ').toSorted(), SEEN_BEFORE);
    });

  for (const role of ['worker', 'trigger'])
    it(`${role} ends as soon as it sees the development server of Temporal`, async () => {
      allow(SEEN_BEFORE);
      assert.match(await refusal(role), /allow: \[dev-server\].*\n.*dev-server: Temporal stores in SQLite/);
    });

  it('each of them starts, and an alert is acted on, with all of it allowed by name', async () => {
    allow([...SEEN_BEFORE, 'dev-server']);
    await tocsin.service.exhaust();
    await Promise.all(ROLES.map((role) => tocsin.startReady(role)));
    await storeAlert(tocsin.log, tocsin.region, 'firing');
    await until('the service was restarted', () => tocsin.service.effects().some(({ action }) => action === 'restart'));
  });
});
