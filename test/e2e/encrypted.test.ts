/** An installation whose Temporal sees nothing in clear: approvals by command, and another key while a run is open. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type EncryptedInstallation, NEW, OLD, startEncrypted } from '../support/encrypted-installation.ts';

describe('with encryption', () => {
  let installation: EncryptedInstallation;
  let approved: string;
  before(async () => {
    installation = await startEncrypted();
  });
  after(() => installation?.stop());

  it('a run is approved by command, and its plan, question and answer are nowhere in clear', async () => {
    approved = await installation.asking('first');
    await installation.approve(approved);
    const { text, keys } = await installation.stored(approved);
    assert.deepEqual(keys, ['old']);
    for (const told of ['take checkout out of rotation', 'planHash', 'signature'])
      assert.ok(!text.includes(told), `${told} is stored in clear`);
  });

  it('a run that asks under the old key is approved under the new one', async () => {
    const id = await installation.asking('rotated');
    await installation.encryptWith([NEW, OLD]);
    await installation.untilItAsks(id);
    await installation.approve(id);
    assert.deepEqual((await installation.stored(id)).keys, ['new', 'old']);
  });

  it('after the rotation runs of before are shown and explained, and a new run has the new key alone', async () => {
    const before = await installation.shown(approved);
    assert.match(before, /^completed/m);
    assert.match(before, /✔ restart checkout/);
    const explained = await installation.run('explain', approved);
    assert.equal(explained.code, 0, explained.stderr);
    assert.match(explained.stdout, /^run restart-service\/.* is completed$/m);
    const id = await installation.asking('second');
    await installation.approve(id);
    assert.deepEqual((await installation.stored(id)).keys, ['new']);
  });

  it('without the old key a run of before is not shown, and the key that lacks is named', async () => {
    await installation.encryptWith([NEW]);
    const { code, stderr, stdout } = await installation.run('runs', 'show', approved);
    assert.notEqual(code, 0);
    assert.match(stderr + stdout, /encrypted with key "old", which is not configured here; expected one of new/);
  });
});
