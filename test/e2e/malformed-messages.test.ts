/**
 * The 24 classes of bad input, published to a real events stream by somebody with access to it, and taken by a real trigger process: what
 * cannot be read is one dead letter with its reason and its bytes, and the good events before, beside and behind it are recorded.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LogRefused } from '../../triggers/nats/errors.ts';
import { eventSubject } from '../../triggers/nats/subject.ts';
import type { EventRecord } from '../../triggers/path/disposition.ts';
import type { StoredDeadLetter } from '../../triggers/path/ports.ts';
import { type Installation, type RoleProcess, startInstallation } from '../support/installation.ts';
import { LARGER_THAN_A_MESSAGE, MALFORMED, type MalformedClass, malformedMessage } from '../support/malformed.ts';
import { until } from '../support/until.ts';

const GOOD = { specversion: '1.0', source: '/test', type: 'tocsin.event.test', data: { version: '7' } };

let tocsin: Installation;
let trigger: RoleProcess;
before(async () => {
  tocsin = await startInstallation();
  trigger = await tocsin.startReady('trigger');
});
after(() => tocsin.stop());

const publish = async (body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<number> =>
  (await tocsin.log.publish(eventSubject(tocsin.region, 'normal', 'test', 'x'), body, { headers })).sequence;
const publishGood = (id: string) => publish(Buffer.from(JSON.stringify({ ...GOOD, id })));

async function letters(): Promise<StoredDeadLetter[]> {
  const found: StoredDeadLetter[] = [];
  for await (const letter of tocsin.path.deadLetters.list()) found.push(letter);
  return found;
}

interface Published {
  readonly each: MalformedClass;
  readonly body: Uint8Array;
  /** Null: the stream has refused it, and its publisher knows. */
  readonly sequence: number | null;
}

describe('malformed messages', () => {
  for (const mode of ['structured', 'binary'] as const)
    it(`${mode} mode: one dead letter for each that cannot be read, and every neighbour is recorded`, async () => {
      const published: Published[] = [];
      const good: string[] = [];
      for (const [index, each] of MALFORMED.entries()) {
        const { body, headers } = malformedMessage(each, mode);
        const ids = ['before', 'beside', 'behind'].map((place) => `${mode} ${index} ${place}`);
        const [first = '', second = '', third = ''] = ids;
        await publishGood(first);
        const [sequence] = await Promise.all([publish(body, headers).catch(whenRefused), publishGood(second)]);
        await publishGood(third);
        published.push({ each, body, sequence });
        good.push(...ids);
      }
      const sequences = new Set(published.map(({ sequence }) => sequence));
      const records = await until('everything has its record', async () => {
        const found = await tocsin.records();
        const ids = new Set(found.map(({ event }) => event.id));
        const settled = new Set(found.map(({ position }) => position.sequence));
        return good.every((id) => ids.has(id)) && [...sequences].every((at) => at === null || settled.has(at)) && found;
      });
      for (const id of good)
        assert.deepEqual(
          records.filter(({ event }) => event.id === id).map(({ dispositions }) => dispositions),
          [[]],
          id,
        );
      const all = await letters();
      for (const one of published) assertSettled(one, records, all);
      assert.ok(await trigger.ready());
    });
});

function whenRefused(error: unknown): null {
  assert.ok(error instanceof LogRefused, String(error));
  return null;
}

function assertSettled(
  { each, body, sequence }: Published,
  records: readonly EventRecord[],
  all: readonly StoredDeadLetter[],
): void {
  if (sequence === null) {
    assert.ok(each.reasons.includes(LARGER_THAN_A_MESSAGE), each.name);
    return;
  }
  const own = all.filter(({ original }) => original.sequence === sequence);
  assert.equal(records.filter(({ position }) => position.sequence === sequence).length, 1, each.name);
  assert.ok(own.length === 1 || (own.length === 0 && !each.unreadable), `${each.name}: ${own.length} dead letters`);
  for (const { reason, data } of own) {
    assert.ok(each.reasons.includes(reason), `${each.name}: ${reason}`);
    assert.ok(Buffer.from(data).equals(body), each.name);
  }
}
