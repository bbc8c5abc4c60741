import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { EngineUnavailable } from '../../triggers/path/engine.ts';
import type { Engine } from '../../triggers/path/ports.ts';
import type { RoleConnection } from '../../workers/connect.ts';
import { type Pair, selfSigned } from '../support/pem-pairs.ts';
import { type TemporalAccess, keepAccess, letIn } from '../../workers/temporal-access.ts';

const [NOT_FOUND, PERMISSION_DENIED, UNAVAILABLE] = [5, 7, 14];
const closing: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(closing.splice(0).map((close) => close())));

const clientCertificate = (pair?: Pair) =>
  pair === undefined ? false : { clientCertPair: { crt: Buffer.from(pair.cert), key: Buffer.from(pair.key) } };

/** What the server answers to a call that needs rights, and to one that needs none: a status, or null for yes. */
function world(begunWith: { readonly apiKey?: string; readonly shows?: Pair } = { apiKey: 'first' }) {
  const answers = { write: NOT_FOUND, info: null as number | null };
  const keys = { set: [] as string[], profile: 'first' };
  /** What else the profile says now. */
  const profile = { address: 'temporal:7233', tls: clientCertificate(begunWith.shows), namespace: 'default' };
  const lines: string[] = [];
  const answer = (code: number | null): Promise<void> =>
    code === null
      ? Promise.resolve()
      : Promise.reject(Object.assign(new Error('no'), { code, details: 'Request unauthorized.', metadata: {} }));
  const target = ({ address, tls, namespace }: typeof profile, { apiKey }: { readonly apiKey?: string }) =>
    ({
      connection: { address, tls, ...(apiKey === undefined ? {} : { apiKey }) },
      namespace,
      external: true,
      keySetting: 'api_key in the profile',
    }) as const;
  const temporal = {
    namespace: 'default',
    target: target(profile, begunWith),
    settings: () => target(profile, { apiKey: keys.profile }),
    connection: { setApiKey: (key: string) => Promise.resolve(void keys.set.push(key)) },
    client: {
      withDeadline: (_deadline: number, work: () => unknown) => work(),
      workflowService: {
        signalWorkflowExecution: () => answer(answers.write),
        getSystemInfo: () => answer(answers.info),
      },
    },
  } as unknown as RoleConnection;
  const logger = pino(
    { level: 'info' },
    { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) },
  );
  const access = keepAccess(
    {
      logger,
      health: { addCheck: () => undefined },
      lifecycle: { onClose: (_name, _deadlineMs, close) => void closing.push(() => close(0)) },
    },
    temporal,
  );
  return { access, answers, keys, lines, profile };
}

const look = async (access: TemporalAccess): Promise<string> => {
  await access.look();
  return access.refused() ?? '';
};

describe('the access of a running process to Temporal', () => {
  it('is told once per change, by what the server refuses', async () => {
    const { access, answers, lines } = world();
    assert.equal(await look(access), '');
    answers.write = PERMISSION_DENIED;
    for (let looks = 0; looks < 3; looks += 1) assert.match(await look(access), /has no right to do this/);
    answers.info = PERMISSION_DENIED;
    for (let looks = 0; looks < 3; looks += 1) assert.match(await look(access), /key is not accepted/);
    answers.write = UNAVAILABLE;
    assert.match(await look(access), /key is not accepted/, 'a server that is away says nothing of the key');
    answers.write = NOT_FOUND;
    assert.equal(await look(access), '');
    assert.equal(lines.length, 3, lines.join('\n'));
  });

  it('takes another key over once, and never says it', async () => {
    const { access, keys, lines } = world();
    keys.profile = 'second';
    await look(access);
    await look(access);
    assert.deepEqual(keys.set, ['second']);
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines.join(), /second/);
  });

  for (const change of [{ address: 'other:7233' }, { tls: true }, { namespace: 'other' }])
    it(`gives the server it is connected to no key that is for another place: ${JSON.stringify(change)}`, async () => {
      const { access, answers, keys, lines, profile } = world();
      const before = { ...profile };
      Object.assign(profile, change);
      keys.profile = 'second';
      await look(access);
      await look(access);
      assert.deepEqual(keys.set, []);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines.join(), /restart to use it/);
      assert.ok(lines[0]?.includes(before.address) && lines[0].includes(profile.address), lines[0]);
      assert.doesNotMatch(lines.join(), /second/);
      answers.write = PERMISSION_DENIED;
      assert.match(await look(access), /restart to use it/);
      assert.doesNotMatch(access.refused() ?? '', /no restart is needed/);
      Object.assign(profile, before);
      await look(access);
      assert.deepEqual(keys.set, ['second'], 'the profile leads here again');
    });

  it('sets no key on a connection that was made without one', async () => {
    const { access, keys, lines } = world({});
    await look(access);
    await look(access);
    assert.deepEqual(keys.set, []);
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines.join(), /without one: restart to use it/);
  });

  it('warns once of a certificate that ends soon, and lets the process work', async (t) => {
    const { access, lines } = world({ apiKey: 'first', shows: selfSigned('/CN=worker', 2) });
    const nearItsEnd = Date.now() + 1.5 * 86_400_000;
    t.mock.method(Date, 'now', () => nearItsEnd);
    for (let looks = 0; looks < 3; looks += 1) assert.equal(await look(access), '');
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines.join(), /^The certificate that this process shows to Temporal ends at /);
  });

  it('takes a server that is away after the end of the certificate for one that refuses it, until it answers', async (t) => {
    const { access, answers } = world({ apiKey: 'first', shows: selfSigned('/CN=worker', 2) });
    const afterItsEnd = Date.now() + 3 * 86_400_000;
    t.mock.method(Date, 'now', () => afterItsEnd);
    assert.equal(await look(access), '', 'a connection that stands goes on');
    answers.write = UNAVAILABLE;
    assert.match(await look(access), /^The certificate .* ended at .*\. Put a new pair .*, and restart this process/);
    answers.write = NOT_FOUND;
    assert.equal(await look(access), '');
  });

  it('a server that may only be read counts as away for the path', async () => {
    const { access, answers } = world();
    const engine = letIn({ ping: () => Promise.resolve() } as Engine, access);
    await engine.ping();
    answers.write = PERMISSION_DENIED;
    await assert.rejects(engine.ping(), EngineUnavailable);
  });
});
