import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Config, loadConfig } from '../../workers/config.ts';
import { natsAccess } from '../../workers/nats-access.ts';

const base = loadConfig({ env: {} });
const withNats = (nats: Partial<Config['nats']>): Config => ({ ...base, nats: { ...base.nats, ...nats } });

describe('who this process is for NATS', () => {
  it('is nobody without settings, on an inbox of its role', () => {
    assert.deepEqual(natsAccess(base, 'trigger', {}), { inboxPrefix: '_INBOX_tocsin_trigger' });
  });

  it('comes from the configuration, by reference', () => {
    const { identity } = natsAccess(withNats({ user: 'trigger', password: 'env:PW' }), 'trigger', { PW: 'open' });
    assert.ok(identity?.kind === 'password');
    assert.deepEqual([identity.user, identity.password()], ['trigger', 'open']);
  });

  it('is that of the environment as a whole when it names one', () => {
    const { identity } = natsAccess(withNats({ user: 'trigger', password: 'env:PW' }), 'trigger', { NATS_TOKEN: 't' });
    assert.equal(identity?.kind, 'token');
  });

  it('asks for TLS when the section is there, even if it is empty', () => {
    assert.deepEqual(natsAccess(withNats({ tls: {} }), 'worker', {}).tls, {});
  });

  const refused: readonly [why: string, nats: Partial<Config['nats']>, env: Record<string, string>, message: RegExp][] =
    [
      ['two identities', { token: 'env:T', nkey: 'env:N' }, { T: 't', N: 'n' }, /nkey and token are given/],
      ['a user without a password', { user: 'trigger' }, {}, /belong together/],
      ['a certificate without its key', { tls: { cert: 'env:C' } }, { C: 'c' }, /tls.cert and tls.key belong together/],
      ['a secret that is not there', { token: 'env:T' }, {}, /secret env:T is missing or empty/],
      ['a password in the address', {}, { NATS_URL: 'nats://a:hunter2@nats:4222' }, /NATS_URL holds/],
    ];
  for (const [why, nats, env, message] of refused)
    it(`refuses ${why}, and tells no secret`, () => {
      assert.throws(
        () => natsAccess(withNats(nats), 'trigger', env),
        (error: unknown) => error instanceof Error && message.test(error.message) && !error.message.includes('hunter2'),
      );
    });
});
