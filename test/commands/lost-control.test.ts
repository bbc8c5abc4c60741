import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect } from 'nats';
import type { Disposition } from '../../triggers/path/disposition.ts';
import { bookStream } from '../../triggers/nats/subject.ts';
import { cli } from '../support/cli.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

const RECORD = '$KV.EPISODES_EU.control.triggers';
const LOST = 'control-record=lost';

describe('a control record that is gone', () => {
  let tocsin: Installation;
  let roles: readonly RoleProcess[] = [];
  const startRoles = async (): Promise<void> => {
    roles = await Promise.all([tocsin.startReady('trigger'), tocsin.startReady('worker')]);
  };
  const restartAfter = async (damage: () => Promise<unknown>): Promise<void> => {
    await Promise.all(roles.map((role) => role.kill()));
    await damage();
    await startRoles();
  };
  before(async () => {
    tocsin = await startInstallation();
    await startRoles();
  });
  after(() => tocsin?.stop());

  const run = (...args: readonly string[]) => cli(tocsin.env, '--json', ...args);
  const done = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}${stdout}`);
  };
  const list = async (): Promise<string> => (await cli(tocsin.env, 'trigger', 'list')).stdout;
  const latest = async (sequence: number): Promise<Disposition> =>
    until(`a record of ${sequence}`, async () => {
      const record = (await tocsin.records()).find(({ position }) => position.sequence === sequence);
      return record?.dispositions.find(({ trigger }) => trigger === 'restart-service');
    });
  let fired = 0;
  /** Another alert; resolves to what its trigger did. */
  const fire = async (): Promise<Disposition> => {
    const { ack } = await storeAlert(tocsin.log, tocsin.region, 'firing', { instance: `a${(fired += 1)}` });
    return latest(ack.sequence);
  };
  const becomes = (kind: Disposition['kind']) => until(`alerts are ${kind}`, async () => (await fire()).kind === kind);
  const phaseOf = async (workflowId: string): Promise<unknown> => {
    const { typedSearchAttributes } = await tocsin.client.workflow.getHandle(workflowId).describe();
    return typedSearchAttributes.getAll().find(({ key }) => key.name === 'TocsinPhase')?.value;
  };
  const startsNothing = async (): Promise<void> => {
    const disposition = await fire();
    assert.ok(disposition.kind === 'held' && disposition.reason === 'stopped', JSON.stringify(disposition));
    assert.match(disposition.detail, /control record of region eu .* resume --scope/);
  };

  it('the bucket is removed and made anew: everything that starts afterwards is stopped, and says why', async () => {
    await done('trigger', 'mode', 'restart-service', 'observe', '--why', 'first week');
    assert.doesNotMatch(await list(), /RED BUTTON/, 'the first decision of a region is no loss');
    await becomes('ignored');
    await restartAfter(async () => {
      const nats = await connect({ servers: tocsin.servers.natsUrl });
      await (await nats.jetstreamManager()).streams.delete(bookStream('eu'));
      await nats.close();
      await done('topology', '--apply');
    });
    await tocsin.service.exhaust();
    await startsNothing();
    const begun = await run('run', 'restartService', '--input', '{"service":"checkout"}', '--id', 'by-hand');
    const { workflowId: id } = begun.json as { workflowId: string };
    await until('the run waits', async () => (await phaseOf(id)) === 'stopped');
    assert.deepEqual(tocsin.service.effects(), []);
    for (const role of ['trigger', 'worker'])
      assert.ok(
        tocsin
          .logLines()
          .some(
            (line) => line.role === role && line.msg === 'everything is stopped' && /is gone/.test(String(line['why'])),
          ),
        role,
      );
    assert.match(
      await list(),
      /eu {2}RED BUTTON: everything stopped by Tocsin at .* had decided last: mode observe, trigger restart-service/,
    );
    const status = await cli(tocsin.env, 'status');
    assert.equal(status.code, 1);
    assert.match(status.stdout, /everything stopped by Tocsin at .*control record of region eu is gone/);
    const doctor = await cli(tocsin.env, 'doctor');
    assert.equal(doctor.code, 1);
    assert.match(doctor.stdout, /region eu has lost its control record: everything is stopped/);
  });

  it('only an operator who names it lets effects go on; what was decided anew before that counts', async () => {
    const unaware = await run('resume');
    assert.equal(unaware.code, 2);
    assert.match(unaware.stdout, /stopped are control-record=lost/);
    await done('trigger', 'mode', 'restart-service', 'observe', '--why', 'anew');
    await startsNothing();
    await done('resume', '--scope', LOST, '--discard', '--why', 'decided anew');
    assert.doesNotMatch(await list(), /RED BUTTON/);
    await becomes('ignored');
    await until('the run acts', () => tocsin.service.effects().length > 0);
  });

  it('deleted by hand: stopped where it is running, and where it starts', async () => {
    const remove = () => tocsin.log.publish(RECORD, new Uint8Array());
    await remove();
    await becomes('held');
    await restartAfter(remove);
    await startsNothing();
    assert.match(
      await list(),
      /RED BUTTON: everything stopped by Tocsin at .*: the control record of region eu was deleted/,
    );
    await tocsin.log.publish(RECORD, Buffer.from('{"stops":[]}'));
    const doctor = await cli(tocsin.env, 'doctor');
    assert.equal(doctor.code, 1);
    assert.match(
      doctor.stdout,
      /control record of region eu .* was not written by Tocsin/,
      'nor is what is no record none',
    );
  });
});
