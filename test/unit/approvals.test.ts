import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { payloadOf } from '../../activities/approval-payload.ts';
import { type ApprovalSettings, createApprovalDecisions } from '../../activities/approvals.ts';
import { loadConfig } from '../../workers/config.ts';
import { shapeProblem } from '../../workflows/kit/approval-message.ts';
import { planLines, shortPlanLines } from '../../workflows/kit/approval-text.ts';
import { asJson, canonical } from '../../workflows/kit/canonical.ts';
import type { Plan } from '../../workflows/kit/plan.ts';
import { PlanEnds, recordCalls, unknownResult } from '../../workflows/kit/record-calls.ts';

const publicKey = (): string =>
  generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).toString('base64');

const SETTINGS: ApprovalSettings = {
  keys: [
    { id: 'ann', person: 'Ann', publicKey: publicKey() },
    { id: 'ann-2', person: 'Ann', publicKey: publicKey() },
    { id: 'bob', person: 'Bob', publicKey: publicKey() },
    { id: 'rex', person: 'Rex', publicKey: publicKey(), revoked: '2026-01-01T00:00:00Z' },
  ],
  quorum: 1,
  quorums: { risky: 2, riskier: 3 },
  expiryMs: 60_000,
  remindersMs: [30_000, 10_000, 60_000, 90_000],
  escalation: [],
};
const PLAN: Plan = {
  runbook: 'restartService',
  input: { b: 1, a: [1, 'x'] },
  context: { trigger: null, alertKey: null, service: 'checkout', region: 'eu' },
  done: [],
  observed: [],
  actions: [],
  partial: null,
};
const NOW = Date.parse('2026-06-01T12:00:00Z');
const decisions = (changes: Partial<ApprovalSettings> = {}) =>
  createApprovalDecisions(
    () => ({ ...SETTINGS, ...changes }),
    () => NOW,
  );

describe('canonical form', () => {
  it('is the same value, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = asJson(value);
        assert.deepEqual(JSON.parse(canonical(json)), json);
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).toReversed());
        assert.equal(canonical(asJson(turned)), canonical(asJson(value)));
      }),
    );
  });

  it('has no space, sorts keys by code unit, and drops what JSON cannot hold', () => {
    assert.equal(
      canonical(asJson({ b: undefined, ä: 1, a: [null, -0, 1e21], Z: 'x\n' })),
      '{"Z":"x\\n","a":[null,0,1e+21],"ä":1}',
    );
    assert.equal(canonical(asJson(undefined)), 'null');
  });
});

describe('the signed payload', () => {
  const good = {
    v: 1,
    decision: 'approve',
    workflowId: 'w',
    runId: 'r',
    execution: 'e',
    planHash: 'a'.repeat(64),
    expiresAt: 1,
    nonce: 'b'.repeat(32),
    person: 'Ann',
    reason: '',
  };
  it('is read when it is canonical and whole', () => assert.deepEqual(payloadOf(canonical(good)), good));

  const { person: _person, ...nameless } = good;
  for (const [text, expected, why] of [
    ['', /no JSON object/, 'nothing'],
    ['[]', /no JSON object/, 'a list'],
    ['null', /no JSON object/, 'null'],
    [canonical(nameless), /field person is missing/, 'a field less'],
    [canonical({ ...good, extra: 1 }), /field "extra" is not known/, 'a field more'],
    [canonical({ ...good, v: '1' }), /field v is not/, 'a version as text'],
    [canonical({ ...good, v: 2 }), /field v is not/, 'another version'],
    [canonical({ ...good, decision: 'x'.repeat(61) }), /field decision is not/, 'more than a choice may have'],
    [canonical({ ...good, expiresAt: 1.5 }), /field expiresAt is not/, 'half a millisecond'],
    [canonical({ ...good, planHash: 'A'.repeat(64) }), /field planHash is not/, 'a hash in capitals'],
    [canonical({ ...good, nonce: 'b' }), /field nonce is not/, 'a short nonce'],
    [canonical({ ...good, reason: 'x'.repeat(1_001) }), /field reason is not/, 'a long reason'],
    [JSON.stringify(good), /not in canonical form/, 'another order'],
    [`${canonical(good)} `, /not in canonical form/, 'a space at the end'],
    [canonical(good).replace('"v":1', '"v":1.0'), /not in canonical form/, 'another way to write one'],
    [canonical(good).replace('"Ann"', '"\\u0041nn"'), /not in canonical form/, 'another way to write A'],
  ] as const)
    it(`is refused: ${why}`, () => {
      const problem = payloadOf(text);
      assert.match(typeof problem === 'string' ? problem : assert.fail('read'), expected);
    });
});

describe('the shape of an answer', () => {
  it('is checked before anything is stored', () => {
    const good = { payload: '{}', key: 'ann', signature: 'A'.repeat(88) };
    assert.equal(shapeProblem([good]), null);
    fc.assert(
      fc.property(fc.array(fc.anything(), { maxLength: 3 }), (args) => assert.notEqual(shapeProblem(args), null)),
    );
    for (const bad of [{ ...good, more: 1 }, { ...good, payload: 'x'.repeat(4_097) }, Object.create(good) as object])
      assert.notEqual(shapeProblem([bad]), null);
  });
});

describe('a question', () => {
  it('names the plan by a hash that depends on nothing but the plan', async () => {
    const hash = await decisions().hashPlan({ plan: PLAN });
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.equal(await decisions().hashPlan({ plan: { ...PLAN, input: { a: [1, 'x'], b: 1 } } }), hash);
    assert.notEqual(await decisions().hashPlan({ plan: { ...PLAN, input: { a: ['x', 1], b: 1 } } }), hash);
  });

  it('stands as long as configured, and tells people in time', async () => {
    const question = await decisions({ escalation: [['Ann'], ['Bob']] }).openQuestion({ plan: PLAN });
    assert.deepEqual(
      [question.askedAt, question.expiresAt, question.until, question.quorum],
      [NOW, NOW + 60_000, '2026-06-01T12:01:00.000Z', 1],
    );
    assert.deepEqual(question.tell, [
      { afterMs: 0, people: ['Ann'] },
      { afterMs: 10_000, people: ['Bob'] },
      { afterMs: 30_000, people: ['Bob'] },
      { afterMs: 60_000, people: [] },
    ]);
  });

  it('is put to everybody with a usable key unless somebody is named', async () => {
    const { tell } = await decisions().openQuestion({ plan: PLAN });
    assert.deepEqual(tell[0], { afterMs: 0, people: ['Ann', 'Bob'] });
  });

  it('needs as many people as the runbook needs, and is refused when there are not so many', async () => {
    assert.equal((await decisions().openQuestion({ plan: { ...PLAN, runbook: 'risky' } })).quorum, 2);
    await assert.rejects(
      decisions().openQuestion({ plan: { ...PLAN, runbook: 'riskier' } }),
      /riskier needs 3 to approve, and approvals.keys has usable keys of 2: Ann, Bob/,
    );
  });

  it('is not put about a plan that nobody can read', async () => {
    const plan = { ...PLAN, input: 'x'.repeat(300_000) };
    await assert.rejects(decisions().openQuestion({ plan }), /has 3\d{5} characters, at most 262144/);
  });
});

describe('recording calls', () => {
  interface Acts {
    restart(input: { readonly name: string }): Promise<{ readonly id: string }>;
  }
  const record = (call: (on: Acts) => Promise<unknown>) => recordCalls<Acts>('restart it', call);

  it('notes what would be called, and calls nothing', async () => {
    const { calls, ends } = await record((on) => on.restart({ name: 'db' }));
    assert.deepEqual([calls, ends], [[{ activity: 'restart', input: { name: 'db' } }], null]);
  });

  it('ends where the step looks into what its own call returns', async () => {
    const { calls, ends } = await record(async (on) => on.restart({ name: (await on.restart({ name: 'a' })).id }));
    assert.equal(calls.length, 1);
    assert.match(ends ?? '', /depends on what "restart it" returns/);
  });

  it('an error of the step itself stays an error', () =>
    assert.rejects(
      record(() => Promise.reject(new TypeError('mine'))),
      /mine/,
    ));

  for (const [how, look] of [
    ['a property', (value: { id?: string }) => value.id],
    ['taken apart', ({ id }: { id?: string }) => id],
    ['in a text', (value: string) => `${value}`],
    ['as JSON', (value: object) => JSON.stringify(value)],
    ['its keys', (value: object) => Object.keys(value)],
    ['asked for a key', (value: object) => 'id' in value],
    ['copied', (value: object) => ({ ...value })],
    ['in a sum', (value: object) => Number(value) + 1],
  ] as const)
    it(`what is not known ends the plan when it is looked into: ${how}`, () => {
      assert.throws(() => look(unknownResult('restart it') as never), PlanEnds);
    });
});

describe('a plan in words', () => {
  const text = 'y'.repeat(1_000);
  const effects = (count: number): Plan['actions'] =>
    Array.from({ length: count }, (_, index) => ({
      step: index + 1,
      title: 'restart `x`\n# heading',
      region: 'eu',
      calls: [{ activity: 'restart', input: { text } }],
      undo: [],
      limits: ['per-service', { limit: 'per-rack', value: 'r7' }],
    }));

  it('is whole where it is signed: every effect, its input and its limits', () => {
    const lines = planLines({ ...PLAN, actions: effects(30), partial: 'it ends' });
    assert.equal(lines.length, 31);
    assert.ok(lines.every((line) => !/[\n`]/.test(line)));
    for (const line of lines.slice(0, 30)) assert.ok(line.includes(text), line);
    assert.match(lines[29] ?? '', /^30\. restart  x # heading \(eu, under limits per-service, per-rack of r7\): /);
  });

  it('is bounded where it is told, and says that it is cut', () => {
    const lines = shortPlanLines({ ...PLAN, actions: effects(30), partial: 'it ends' });
    assert.equal(lines.length, 23);
    assert.ok(lines.every((line) => line.length <= 200 && !line.includes('\n')));
    assert.ok(lines[0]?.endsWith(' …'));
    assert.deepEqual(lines.slice(-3, -1), ['and 10 more', 'the plan ends here: it ends']);
    assert.match(lines.at(-1) ?? '', /tocsin approve/);
    const short = shortPlanLines({ ...PLAN, actions: effects(1).map((each) => ({ ...each, calls: [] })) });
    assert.equal(short.length, 1, 'nothing is said of a plan that is told whole');
  });
});

describe('configuration of approvals', () => {
  const problemsOf = (approvals: unknown): string => {
    const dir = mkdtempSync(join(tmpdir(), 'tocsin-approvals-'));
    const file = join(dir, 'tocsin.yaml');
    writeFileSync(file, JSON.stringify({ approvals }));
    try {
      loadConfig({ file, env: {} });
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      rmSync(dir, { recursive: true });
    }
  };
  const ann = { id: 'ann', person: 'Ann', publicKey: publicKey() };

  it('is whole by default, and with a key', () => {
    assert.equal(problemsOf({}), '');
    assert.equal(problemsOf({ keys: [ann], escalation: [['Ann']], expiry: '4h', reminders: [] }), '');
  });

  for (const [approvals, expected, why] of [
    [{ keys: [{ ...ann, publicKey: 'A'.repeat(60) }] }, /keys\/0\/publicKey: no Ed25519 public key/, 'no key'],
    [
      { keys: [{ ...ann, privateKey: 'x' }] },
      /keys\/0\/privateKey: is not known here/,
      'a private key where none belongs',
    ],
    [{ keys: [ann, ann] }, /keys\/1\/id: ann is there twice/, 'an id twice'],
    [
      { keys: [ann], quorum: 2 },
      /approvals\/quorum: 2 people are needed, and the keys are of 1/,
      'more than there are',
    ],
    [{ keys: [ann], quorums: { restartService: 3 } }, /quorums\/restartService: 3 people/, 'the same for one runbook'],
    [{ keys: [ann, { ...ann, id: 'b', person: 'ANN' }] }, /ANN would count as two people/, 'one person as two'],
    [{ quorum: 0 }, /approvals\/quorum/, 'nobody'],
    [{ keys: [ann], escalation: [['Zoe']] }, /escalation\/0: "Zoe" has no key/, 'somebody who cannot approve'],
    [{ expiry: '5h' }, /approvals\/expiry/, 'longer than a run can wait'],
    [{ keys: [{ ...ann, revoked: 'yesterday' }] }, /keys\/0\/revoked/, 'no instant'],
  ] as const)
    it(`is refused: ${why}`, () => assert.match(problemsOf(approvals), expected));
});
