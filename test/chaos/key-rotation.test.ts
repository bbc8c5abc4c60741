/** The two steps of a rotation, each while it has reached one process and not the other, and what becomes of a process that the first was forgotten for. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type EncryptedInstallation, NEW, OLD, startEncrypted } from '../support/encrypted-installation.ts';
import { until } from '../support/until.ts';

describe('a rotation of encryption keys', () => {
  let installation: EncryptedInstallation;
  before(async () => {
    installation = await startEncrypted();
  });
  after(() => installation?.stop());

  for (const [who, ofTrigger, ofWorker] of [
    ['the worker', [OLD, NEW], [OLD]],
    ['the trigger, and whoever approves,', [OLD], [OLD, NEW]],
  ] as const)
    it(`step one, the new key is last: ${who} without it as yet can read everything`, async () => {
      await installation.encryptWith(ofTrigger, ofWorker);
      const id = await installation.asking(`one, ${who}`);
      await installation.approve(id);
      assert.deepEqual((await installation.stored(id)).keys, ['old'], 'nobody writes with the new key yet');
    });

  for (const [who, ofTrigger, ofWorker] of [
    ['the worker', [NEW, OLD], [OLD, NEW]],
    ['the trigger, and whoever approves,', [OLD, NEW], [NEW, OLD]],
  ] as const)
    it(`step two, the new key is first: ${who} that writes with the old one as yet goes on, and both are used`, async () => {
      await installation.encryptWith(ofTrigger, ofWorker);
      const id = await installation.asking(`two, ${who}`);
      await installation.approve(id);
      assert.deepEqual((await installation.stored(id)).keys, ['new', 'old']);
    });

  it('without step one a worker does nothing with what it cannot read, says which key it lacks, and goes on once it has it', async () => {
    const { tocsin, encryptWith, configure, begin, run, shown, untilItAsks, approve } = installation;
    const lacks = /encrypted with key \\*"new\\*", which is not configured here; expected one of old/;
    await encryptWith([NEW, OLD], [OLD]);
    const effects = tocsin.service.effects().length;
    const id = await begin('left out');
    await until('the worker says so', () =>
      tocsin.logLines().some((line) => line.role === 'worker' && line.level >= 40 && lacks.test(JSON.stringify(line))),
    );
    assert.match(await shown(id), /^running/m);
    assert.equal(tocsin.service.effects().length, effects);
    configure([OLD]);
    const { code, stdout, stderr } = await run('runs', 'show', id);
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, lacks);
    await encryptWith([NEW, OLD], [OLD, NEW]);
    await untilItAsks(id);
    await approve(id);
  });
});
