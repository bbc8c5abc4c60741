/** A stop whose line in the operator log could not be written: in force, and told to be in danger until the line is there. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { connect } from 'nats';
import { actStream, bookStream } from '../../triggers/nats/subject.ts';
import { cli } from '../support/cli.ts';
import { limitStream } from '../support/limit-stream.ts';
import { type Installation, startInstallation } from '../support/installation.ts';

describe('a stop without its line in the operator log', () => {
  let tocsin: Installation;
  before(async () => {
    tocsin = await startInstallation();
  });
  after(() => tocsin?.stop());

  const run = (...args: readonly string[]) => cli(tocsin.env, ...args);
  const remove = async (stream: string): Promise<void> => {
    const nats = await connect({ servers: tocsin.servers.natsUrl });
    await (await nats.jetstreamManager()).streams.delete(stream);
    await nats.close();
  };
  const topology = async (): Promise<void> => {
    const { code, stdout, stderr } = await run('topology', '--apply');
    assert.equal(code, 0, stdout + stderr);
  };
  const UNTOLD = /region eu is stopped, and its operator log has no line of it: were the control record lost/;

  it('is in force, says that a lost record would not be missed, and ends with exit code 1', async () => {
    const before = await limitStream(tocsin.servers.natsUrl, actStream('eu'), 16);
    const { code, stdout } = await run('stop', '--why', 'unheard');
    assert.match(stdout, /^everything stopped by .*unheard, in eu; no effect begins later/);
    assert.match(
      stdout,
      /^eu: stopped, but NOT in the operator log: .*effects would begin in what starts afterwards: give the same `tocsin stop` again/m,
    );
    assert.equal(code, 1);
    const { json } = await cli(tocsin.env, '--json', 'stop', '--why', 'unheard');
    assert.deepEqual(
      (json as { unlogged: readonly { region: string }[] }).unlogged.map(({ region }) => region),
      ['eu'],
    );
    await limitStream(tocsin.servers.natsUrl, actStream('eu'), before);
  });

  it('is what doctor finds, with what to do', async () => {
    const { code, stdout } = await run('doctor');
    assert.equal(code, 1);
    assert.match(stdout, UNTOLD);
    assert.match(stdout, /give the same `tocsin stop` again, so that the line is written/);
  });

  it('given again it is in the log, and a record that is lost then stops everything', async () => {
    const again = await run('stop', '--why', 'heard');
    assert.equal(again.code, 0, again.stdout);
    assert.doesNotMatch(again.stdout, /NOT in the operator log/);
    assert.doesNotMatch((await run('doctor')).stdout, UNTOLD);
    await remove(bookStream('eu'));
    await topology();
    assert.match(
      (await run('trigger', 'list')).stdout,
      /RED BUTTON: everything stopped by Tocsin .*had decided last: stop, all/,
    );
  });
});
