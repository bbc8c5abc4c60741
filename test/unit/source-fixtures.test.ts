/** Real payloads of Alertmanager and CloudEvents senders through their sources; what each must become is written down here. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Alert } from '../../triggers/events/alert.ts';
import { alertmanager } from '../../triggers/sources/alertmanager.ts';
import { cloudevents } from '../../triggers/sources/cloudevents.ts';
import { type Fixture, fixture, fixturesOf, needsFixtures } from '../support/fixtures.ts';
import { readRequest } from '../support/read-request.ts';

/** `status name severity occurred` of each stored alert. */
const ALERTMANAGER: Readonly<Record<string, readonly string[]>> = {
  'big-output__incaller-prometheus_bot': ['firing something_happend 13 2016-04-27T20:46:37.903Z'],
  'no-status-many__incaller-prometheus_bot': [],
  'v3-firing-1-numeric-groupkey__alerta-alerta': ['firing failedConnect 21 2016-08-01T10:27:08.008Z'],
  'v4-firing-1-negative-offset__alerta-alerta': ['firing thing_dead 21 2017-08-03T19:17:37.804Z'],
  'v4-firing-2-same-labels__zulip-zulip': [
    'firing High CPU Temperature 21 2020-02-06T00:17:58.432911368Z',
    'firing High CPU Temperature 21 2020-02-06T00:17:58.432911368Z',
  ],
  'v4-resolved-1-common-labels__idealista-prom2teams': ['resolved CPUThrottlingHigh 13 2019-01-28T20:27:23.868893Z'],
  'v4-resolved-1-no-instance-label__idealista-prom2teams': ['resolved DiskSpace 21 2017-05-09T07:08:37.818278Z'],
};
/** Ids of what is stored, reasons of what is not. */
const CLOUDEVENTS: Readonly<Record<string, { readonly ids: readonly string[]; readonly reasons: readonly string[] }>> =
  {
    'batch-2__cloudevents-spec': {
      ids: [],
      reasons: ['0 bad-base64 /0/data_base64', '1 unknown-event-type /1/type'],
    },
    'structured-v1-0__cloudevents-sdk-javascript': { ids: ['b25e2717-a470-45a0-8231-985a99aa9416'], reasons: [] },
    'structured-v1-2__cloudevents-sdk-javascript': { ids: ['70d3c768-63f8-40e7-aa9d-d197d530586b'], reasons: [] },
  };

const nameOf = ({ file }: Fixture): string => file.replace(/^[a-z]+__/, '').replace(/\.json$/, '');
const media = (name: string): string => `application/cloudevents${name.startsWith('batch') ? '-batch' : ''}+json`;

describe('real Alertmanager payloads', needsFixtures, () => {
  for (const payload of fixturesOf('alertmanager')) {
    const name = nameOf(payload);
    it(name, async () => {
      const { events, decoded } = await readRequest(alertmanager, payload.raw);
      const seen = events.map(({ data }) => {
        const { status, name: alertName, severity, time } = data as Alert;
        return `${status} ${String(alertName)} ${String(severity.number)} ${String(time.occurred)}`;
      });
      assert.deepEqual(seen, ALERTMANAGER[name] ?? assert.fail('a payload nobody has written an expectation for'));
      assert.ok(decoded.every(({ ok }) => ok));
    });
  }

  it('alerts without a status are refused one by one, never guessed', async () => {
    const { raw } = fixture('alertmanager__no-status-many__incaller-prometheus_bot.json');
    const { reasons } = await readRequest(alertmanager, raw);
    assert.deepEqual(
      reasons,
      Array.from({ length: 11 }, (_, index) => `${index} missing-status /alerts/${index}/status`),
    );
  });

  it('identical labels under different fingerprints stay two alerts', async () => {
    const { raw } = fixture('alertmanager__v4-firing-2-same-labels__zulip-zulip.json');
    const { events } = await readRequest(alertmanager, raw);
    assert.equal(new Set(events.map(({ partitionkey }) => partitionkey)).size, 2);
  });

  it('different labels under one fingerprint stay two alerts', async () => {
    const keys = new Set<unknown>();
    for (const name of ['common-labels', 'no-instance-label']) {
      const { raw } = fixture(`alertmanager__v4-resolved-1-${name}__idealista-prom2teams.json`);
      for (const { partitionkey } of (await readRequest(alertmanager, raw)).events) keys.add(partitionkey);
    }
    assert.equal(keys.size, 2);
  });

  it('the shape of the API, whose status is an object, is not taken for a webhook', async () => {
    for (const { raw } of fixturesOf('alertmanager-api')) {
      const { reasons, stored } = await readRequest(alertmanager, raw);
      assert.deepEqual([reasons, stored.length], [['- not-alertmanager'], 0]);
    }
  });
});

describe('real CloudEvents', needsFixtures, () => {
  for (const payload of fixturesOf('cloudevents')) {
    const name = nameOf(payload);
    it(name, async () => {
      const { events, reasons, decoded } = await readRequest(cloudevents, payload.raw, { contentType: media(name) });
      const seen = { ids: events.map(({ id }) => id), reasons };
      assert.deepEqual(seen, CLOUDEVENTS[name] ?? assert.fail('a payload nobody has written an expectation for'));
      for (const each of decoded) assert.deepEqual(each.ok && each.event.data, { much: 'wow' });
    });
  }
});
