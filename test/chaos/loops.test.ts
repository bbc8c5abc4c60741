import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Disposition } from '../../triggers/path/disposition.ts';
import { publishEvent } from '../../triggers/path/publish-event.ts';
import { regionPath } from '../../workers/region-path.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { POKED } from '../support/looping/triggers/index.ts';
import { storeAlert } from '../support/payloads.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { until } from '../support/until.ts';

const REGIONS = ['eu', 'us'] as const;

interface Poke {
  readonly service: string;
  /** What the effect says of itself. */
  readonly cause: Readonly<Record<string, unknown>> | null;
}

describe('runbooks that cause each other’s events', () => {
  let tocsin: Installation;
  let target: Receiver;
  /** What an effect on this service leads to. */
  const consequences = new Map<string, (poke: Poke, count: number) => Promise<unknown>>();
  const pokes: string[] = [];
  before(async () => {
    target = await startReceiver();
    target.answer = (response, { body }) => {
      const poke = JSON.parse(body) as Poke;
      pokes.push(poke.service);
      void consequences.get(poke.service)?.(poke, pokes.length);
      response.end('ok');
    };
    tocsin = await startInstallation({
      loopsWithin: '10m',
      config: () => ({ regions: REGIONS }),
      env: { TOCSIN_PROJECT: join(import.meta.dirname, '../support/looping'), LOOP_TARGET: target.url.href },
    });
    // Each region's triggers in a process of their own, which sees the runs of the other one only through Temporal.
    await Promise.all([
      ...REGIONS.map((each) => tocsin.startReady('trigger', '--region', each)),
      tocsin.startReady('worker'),
    ]);
  });
  after(async () => {
    await tocsin.stop();
    await target.close();
  });

  const alert = (name: string, service: string, region: string, count: number) =>
    storeAlert(tocsin.log, region, 'firing', {
      name,
      service,
      instance: `${service}-${count}`,
      startsAt: new Date().toISOString(),
    });
  const held = async (): Promise<Extract<Disposition, { kind: 'held' }>[]> => {
    const found: Extract<Disposition, { kind: 'held' }>[] = [];
    for (const region of REGIONS)
      for await (const record of regionPath(region, tocsin.log).ledger.read({}))
        if (record.kind === 'event') found.push(...record.dispositions.filter((each) => each.kind === 'held'));
    return found;
  };
  /** How often these services were acted on when the loop was parked. */
  const effectsUntilParked = async (begin: () => Promise<unknown>, ...services: readonly string[]): Promise<number> => {
    const before = (await held()).length;
    await begin();
    const parked = await until('it is parked', async () => (await held())[before]);
    assert.equal(parked.reason, 'loop');
    assert.match(parked.detail, /would run pokeService as .*caused by .*an operator may release it/);
    return pokes.filter((each) => services.includes(each)).length;
  };

  for (const [name, other] of [
    ['in one region', 'eu'],
    ['across two regions', 'us'],
  ] as const)
    it(`A causes B’s alert and B causes A’s, ${name}: three effects, then parked`, async () => {
      const [a, b] = [`a-${other}`, `b-${other}`];
      consequences.set(a, (_poke, count) => alert('AlertB', b, other, count));
      consequences.set(b, (_poke, count) => alert('AlertA', a, 'eu', count));
      assert.equal(await effectsUntilParked(() => alert('AlertA', a, 'eu', 0), a, b), 3);
    });

  it('events that name their cause, from region to region and on another service each time: three effects, then parked', async () => {
    const poked = (service: string, region: string, cause: object) =>
      publishEvent(tocsin.log, region, 'test', {
        specversion: '1.0',
        id: `${service} poked`,
        source: 'test',
        type: POKED,
        data: { service },
        ...cause,
      });
    const services = ['s0', 's1', 's2', 's3', 's4'];
    for (const [n, service] of services.entries())
      consequences.set(service, ({ cause }) => poked(`s${n + 1}`, n % 2 === 0 ? 'us' : 'eu', cause ?? {}));
    assert.equal(await effectsUntilParked(() => poked('s0', 'eu', {}), ...services), 3);
  });
});
