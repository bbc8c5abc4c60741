/** A post of Prometheus says by a time only whether an alert is over: what the intake answers while two clocks say different times. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alertmanagerApi } from '../../triggers/sources/alertmanager-api.ts';
import { startIntake } from '../support/intake.ts';

const NOW = Date.parse('2026-06-04T12:00:00Z');
const HOUR = 3_600_000;
const sender = { name: 'prom', source: alertmanagerApi, auth: { kind: 'none' } } as const;

/** Types of the alerts that it was given. */
function typesLog() {
  const types: string[] = [];
  const publish = (_subject: string, data: Uint8Array) => {
    types.push((JSON.parse(Buffer.from(data).toString('utf8')) as { readonly type?: string }).type ?? 'raw');
    return Promise.resolve({ stream: 'EVENTS_EU', sequence: types.length, duplicate: false });
  };
  return { types, publish };
}

describe('a post of Prometheus', () => {
  for (const [what, believedBy, endsIn, expected] of [
    ['resolved now, while the clock that is believed is days behind', -72 * HOUR, 0, 'come again'],
    ['firing, while that is days behind', -72 * HOUR, 240_000, 'firing'],
    ['resolved by both clocks, while that is days behind', -72 * HOUR, -72 * HOUR, 'resolved'],
    ['firing, while that is days ahead', 72 * HOUR, 240_000, 'come again'],
    ['resolved by both clocks, while that is days ahead', 72 * HOUR, -1, 'resolved'],
    ['that ends between two looks at clocks that agree', -5, -3, 'firing'],
    ['that ended before them', -5, -5, 'resolved'],
  ] as const)
    it(`${what}: ${expected}`, async (t) => {
      const { types, publish } = typesLog();
      const { post } = await startIntake(
        t,
        { publish },
        {
          senders: [sender],
          now: () => NOW + believedBy,
          latest: () => NOW + Math.max(believedBy, 0),
          earliest: () => NOW + Math.min(believedBy, 0),
          clockDoubt: () => (Math.abs(believedBy) > HOUR ? 'the clocks differ' : null),
        },
      );
      const startsAt = new Date(NOW - 80 * HOUR).toISOString();
      const undoubted = { labels: { alertname: 'DiskFull', instance: 'db-1' }, startsAt };
      const endsAt = new Date(NOW + endsIn).toISOString();
      const posted = { labels: { alertname: 'DiskFull', instance: 'db-2' }, startsAt, endsAt };
      const { status, headers, body } = await post('prom', JSON.stringify([undoubted, posted]));
      if (expected === 'come again') {
        assert.deepEqual([status, body.error?.reason], [503, 'clock-in-doubt']);
        assert.ok(headers.has('retry-after'));
        assert.deepEqual(types, [], 'nothing of it is stored');
        return;
      }
      assert.equal(status, 202, JSON.stringify(body));
      assert.deepEqual(
        types.filter((type) => type !== 'raw'),
        ['tocsin.alert.firing', `tocsin.alert.${expected}`],
      );
    });
});
