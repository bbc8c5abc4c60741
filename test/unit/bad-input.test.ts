/** What must end in a clear state, never in an effect by doubt: one row each. What each part does besides is in its own tests. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { pino } from 'pino';
import { createInventory } from '../../activities/inventory/inventory.ts';
import { createProvider } from '../../activities/inventory/provider.ts';
import { ruleOf } from '../../activities/limits/rule-of.ts';
import { scopesOf } from '../../activities/limits/scope.ts';
import type { StoredMessage } from '../../triggers/nats/port.ts';
import { createControlWatch } from '../../triggers/path/control-watch.ts';
import { createControlStore } from '../../triggers/path/control.ts';
import { encodeJson } from '../../triggers/path/json-bytes.ts';
import type { Act } from '../../triggers/path/operator-log.ts';
import { factsOf } from '../../triggers/path/stop.ts';
import { loadConfig } from '../../workers/config.ts';
import { limitDefinitions } from '../../workers/limits/limits-schema.ts';
import { createNotifier } from '../../workers/notify/notifier.ts';
import { openQuestion } from '../../workers/open-question.ts';
import { createEffectGate } from '../../workers/red-button/effect-gate.ts';
import { manualClock } from '../support/manual-clock.ts';
import { notice } from '../support/notices.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-bad-'));
after(() => rmSync(dir, { recursive: true, force: true }));
const logger = pino({ level: 'silent' });

const load = (yaml: string) => {
  const file = join(dir, 'tocsin.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env: {} });
};

/** What an operator is told; an act that goes through tells nothing. */
const told = async (act: () => unknown): Promise<string> => {
  try {
    await act();
    return 'it went through';
  } catch (error) {
    return String(error);
  }
};
const limit = (slots: string): Promise<string> =>
  told(() => load(`limits: [{ name: l, scope: fleet, slots: ${slots} }]\n`));

/** A provider after one reading. */
async function inventoryOf(read: () => string) {
  const provider = createProvider({
    name: 'cmdb',
    source: { kind: 'file', format: 'json', place: 'fleet.json', read: async () => read() },
    regions: ['eu'],
    maxTargets: 2,
    refreshMs: 60_000,
    maxAgeMs: 3_600_000,
    file: join(dir, `${Math.random()}.json`),
    now: manualClock().now,
  });
  await provider.refresh(new AbortController().signal);
  return createInventory([provider]);
}
const FACTS = { service: 'a', region: 'eu', target: 'a' };
/** A tenth of the fleet, counted there. */
const shareOf = async (read: () => string): Promise<string> => {
  const inventory = await inventoryOf(read);
  const [scoped] = scopesOf(
    ['l'],
    FACTS,
    limitDefinitions(load("limits: [{ name: l, scope: fleet, slots: '10%' }]").limits),
  );
  return told(() => ruleOf(scoped ?? assert.fail(), (selector) => inventory.size(selector)));
};
const fleet = (count: number): string =>
  JSON.stringify({ targets: Array.from({ length: count }, (_, n) => ({ id: `t${n}`, region: 'eu' })) });

const message = (data: Uint8Array, sequence = 1) =>
  ({ data, sequence, storedAt: Date.now() }) as unknown as StoredMessage;

/** May an effect begin, by these control records, read one after another, and these acts in the operator log? */
async function verdictOf(records: readonly (Uint8Array | null)[], ...acts: readonly Partial<Act>[]): Promise<string> {
  let now: Uint8Array | null = null;
  const lines = acts.map((act, index) => {
    const texts = { by: 'ann', what: '', where: '', why: '', at: '', previousHash: '', hash: '' };
    return message(encodeJson({ ...texts, ...act, number: index + 1 }), index + 1);
  });
  const store = createControlStore(
    {
      last: async (stream) => (stream === 'ACTS_EU' ? (lines.at(-1) ?? null) : now && message(now)),
      get: async (_stream, sequence) => lines[sequence - 1] ?? null,
      publish: () => assert.fail('nothing is written'),
    },
    'eu',
  );
  const watch = createControlWatch(store, logger, 86_400_000);
  for (const record of records) {
    now = record;
    await watch.start().catch(() => undefined);
  }
  watch.close();
  const gate = createEffectGate({ stopFile: join(dir, 'STOP'), watchOf: () => watch, failClosedAfterMs: 30_000 });
  const facts = factsOf({ trigger: 't', runbook: 'r', service: 'a', region: 'eu', labels: {} });
  return (await gate.stoppedBy(['eu'], facts))?.why ?? 'allowed';
}
const stopped = encodeJson({
  stops: [{ scope: 'all', why: 'drill', by: 'ann', at: '2026-01-01T00:00:00Z' }],
  changes: [{ at: '', by: 'ann', trigger: null, what: 'all stopped', why: 'drill' }],
});

async function hourWithoutReceiver(): Promise<string> {
  let away = true;
  let arrived = 0;
  let counted = 0;
  const clock = manualClock();
  const notifier = createNotifier({
    channels: [
      {
        name: 'pager',
        send: async ({ more, dropped, undelivered }) => {
          if (away) throw new Error('away');
          arrived += 1 + more.length;
          counted += dropped + undelivered;
        },
      },
    ],
    logger,
    clock,
    limits: { perMinute: 20, dedupMs: 0, queue: 10 },
  });
  for (let minute = 0; minute < 60; minute += 1) {
    notifier.notify(notice(`n${minute}`));
    await clock.advance(60_000);
  }
  away = false;
  await clock.advance(600_000);
  return `${arrived + counted} of 60 arrived or are counted, ${arrived > 0 && arrived <= 12 ? 'few' : arrived} are late`;
}

const unknownRun = {
  withDeadline: (_at: number, work: () => unknown) => work(),
  workflow: {
    getHandle: () => ({ describe: () => Promise.reject(new WorkflowNotFoundError('not found', 'nowhere', undefined)) }),
  },
} as unknown as Client;

const LOST_WORDS =
  /^the control record of region eu (was deleted|is gone).*`tocsin resume --scope control-record=lost`$/;
const paused = { what: 'paused (hold)', where: 'trigger t' };
/** Of none of them anything could be lost; more than are looked up side by side. */
const many = Array.from({ length: 120 }, (_, n) => ({ what: 'run (auto)', where: `trigger ${n}` }));

const FAULTY = 'regions: [eu]\nnats:\n  prot: 4222\n  replicas: three\n  password: hunter2\n';

const ROWS: readonly (readonly [string, () => Promise<string>, RegExp])[] = [
  [
    'configuration: an unknown key, a wrong type and a secret in clear, all at once, with their lines',
    () => told(() => load(FAULTY)),
    /^(?!.*hunter2)(?=.*3:3 \/nats\/prot: is not known)(?=.*4:3 \/nats\/replicas: must be integer)(?=.*5:3 \/nats\/password: holds something other than a reference)/s,
  ],
  ['approval for a run that is unknown', () => told(() => openQuestion(unknownRun, 'nowhere')), /nowhere/],
  ['a limit of zero', () => limit('0'), /slots: must be >= 1/],
  ['a limit of 0 %', () => limit("'0%'"), /slots: must match pattern/],
  ['a limit of more than all', () => limit("'101%'"), /slots: must match pattern/],
  [
    'inventory: empty, so a share of it is nothing',
    () => shareOf(() => fleet(0)),
    /no target there, so none may be treated/,
  ],
  ['inventory: huge, refused as a whole', () => shareOf(() => fleet(3)), /has 3 targets, expected at most 2/],
  [
    'inventory: unreachable, which is not empty',
    () =>
      shareOf(() => {
        throw new Error('connection refused');
      }),
    /connection refused/,
  ],
  ['notifier: down for an hour', hourWithoutReceiver, /^60 of 60 arrived or are counted, few are late$/],
  ['control record: gone while it is stopped', () => verdictOf([stopped, null]), /^drill$/],
  ['control record: deleted by `nats kv del`', () => verdictOf([stopped, new Uint8Array()]), LOST_WORDS],
  ['control record: deleted, then started', () => verdictOf([new Uint8Array()]), LOST_WORDS],
  ['control record: gone after a stop', () => verdictOf([null], { what: 'stop', where: 'all' }), LOST_WORDS],
  ['control record: gone after a pause', () => verdictOf([null], paused, ...many), LOST_WORDS],
  [
    'control record: gone after a mode',
    () => verdictOf([null], ...many, { ...paused, what: 'mode observe' }),
    LOST_WORDS,
  ],
  ['control record: gone, and then the operator log', () => verdictOf([new Uint8Array(), null]), LOST_WORDS],
  ['control record: never written', () => verdictOf([null], ...many), /^allowed$/],
  [
    'control record: somebody else’s, in its place',
    () => verdictOf([stopped, encodeJson({ type: 'io.nats' })]),
    /^drill$/,
  ],
  [
    'control record: somebody else’s, at the start',
    () => verdictOf([encodeJson({ stops: [] })]),
    /was not seen since it started/,
  ],
  ['control record: garbage, at the start', () => verdictOf([new Uint8Array([0xff])]), /was not seen since it started/],
];

describe('bad input and faults', () => {
  for (const [name, state, expected] of ROWS) it(name, async () => assert.match(await state(), expected));
});
