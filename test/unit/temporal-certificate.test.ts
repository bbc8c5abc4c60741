/** The end of the certificate that a process shows to Temporal, told in time by whoever can tell it. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { RoleConnection } from '../../workers/connect.ts';
import { certificateFindings } from '../../workers/doctor/temporal.ts';
import { certificateLook } from '../../workers/notify/looks/certificate.ts';
import { certificateTrouble } from '../../workers/temporal-certificate.ts';
import { type Pair, selfSigned } from '../support/pem-pairs.ts';

const DAY_MS = 86_400_000;
/** Away from the ends of the certificates, which are in whole days from when each was made. */
const NOW = Date.now() + 1.5 * DAY_MS;

describe('the certificate shown to Temporal', () => {
  let short: Pair;
  let long: Pair;
  before(() => {
    [short, long] = [selfSigned('/CN=old', 2), selfSigned('/CN=new', 30)];
  });

  const shows = ({ cert, key }: Pair) => ({
    address: 'temporal:7233',
    tls: { clientCertPair: { crt: Buffer.from(cert), key: Buffer.from(key) } },
  });
  const connected = (shown: object, named: () => object = () => shown) =>
    ({ target: { connection: shown }, settings: () => ({ connection: named() }) }) as unknown as RoleConnection;
  const unreadable = (): never => {
    throw new Error('EACCES');
  };

  it('is no matter while it lasts, when there is none, and when it is not one', () => {
    const broken = { ...long, cert: 'no certificate' };
    for (const shown of [shows(long), { address: 'temporal:7233' }, { tls: true }, shows(broken)])
      assert.equal(certificateTrouble(connected(shown), NOW), null);
  });

  it('for days is told in the last third of its life', () => {
    const at = (days: number) => certificateTrouble(connected(shows(short)), NOW + (days - 1.5) * DAY_MS);
    assert.deepEqual(
      [0, 1.2, 1.4, 1.9, 2.1].map((days) => at(days)?.ended ?? null),
      [null, null, false, false, true],
    );
  });

  it('is told from a week before its end, with what to do', () => {
    assert.equal(certificateTrouble(connected(shows(long)), NOW + 21 * DAY_MS), null);
    const trouble = certificateTrouble(connected(shows(long)), NOW + 22 * DAY_MS);
    assert.match(trouble?.what ?? '', /^The certificate that this process shows to Temporal ends at 20\d\d-\S+Z$/);
    assert.match(trouble?.remedy ?? '', /^Put a new pair where TEMPORAL_TLS_CLIENT_CERT_PATH /);
    assert.equal(trouble?.ended, false);
  });

  it('needs a restart and nothing else when the settings name a later one', () => {
    const { what = '', remedy = '' } =
      certificateTrouble(
        connected(shows(short), () => shows(long)),
        NOW,
      ) ?? {};
    assert.match(what, / ends at /);
    assert.match(remedy, /^The settings name one that lasts until 20\d\d-\S+Z: restart this process to use it$/);
    const older = certificateTrouble(
      connected(shows(long), () => shows(short)),
      NOW + 28 * DAY_MS,
    );
    assert.match(older?.remedy ?? '', /^Put a new pair/);
  });

  it('is told also while the settings cannot be read', () =>
    assert.match(certificateTrouble(connected(shows(short), unreadable), NOW)?.remedy ?? '', /^Put a new pair/));

  it('is a notice of this process, and a grave one after its end', async () => {
    const noticesAt = async (now: number) =>
      (await certificateLook({ temporal: connected(shows(short)), instance: 'host-a', now: () => now }).look()).map(
        ({ key, severity, title }) => [key, severity, title],
      );
    assert.deepEqual(await noticesAt(NOW), [
      ['certificate/host-a', 'warning', 'certificate for Temporal ends soon on host-a'],
    ]);
    assert.deepEqual(await noticesAt(NOW + 2 * DAY_MS), [
      ['certificate/host-a', 'critical', 'certificate for Temporal ended on host-a'],
    ]);
    const lasting = certificateLook({ temporal: connected(shows(long)), instance: 'host-a', now: () => NOW });
    assert.deepEqual(await lasting.look(), []);
  });

  it('is a finding of doctor', () => {
    const severities = (shown: object) => certificateFindings(shown, NOW).map(({ severity }) => severity);
    assert.deepEqual([shows(long), shows(short), {}].map(severities), [['ok'], ['warning'], []]);
  });
});
