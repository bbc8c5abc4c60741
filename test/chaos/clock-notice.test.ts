import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Installation, startInstallation } from '../support/installation.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { clockOff, lacksFaketime } from '../support/skewed-process.ts';
import { until } from '../support/until.ts';

describe('a trigger process on a host whose clock is a minute behind', { skip: lacksFaketime }, () => {
  let tocsin: Installation;
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
    tocsin = await startInstallation({
      env: {
        ...clockOff('-60'),
        CLOCK_WEBHOOK: receiver.url.href,
      },
      config: ({ target, origin }) => ({
        services: [target],
        http: { allow: [{ origin, private: true }] },
        notify: {
          channels: [{ kind: 'webhook', url: 'env:CLOCK_WEBHOOK' }],
          watch: { every: '500ms', clockSkew: '30s' },
        },
      }),
    });
    await tocsin.startReady('trigger');
  });
  after(async () => {
    await tocsin?.stop();
    await receiver.close();
  });
  for (const server of ['nats', 'temporal'])
    it(`tells how far it is from the clock of ${server}`, async () => {
      const notice = await until('it is told', () =>
        receiver.requests
          .map(({ body }) => JSON.parse(body) as { key: string; severity: string; title: string; text: string })
          .find(({ key }) => key === `clock/${server}`),
      );
      assert.equal(notice.severity, 'warning');
      assert.match(notice.title, new RegExp(`the clock of ${server} is (59|60|61)\\.\\d s ahead of ours`));
      assert.match(notice.text, /Fresh events may count as stale/);
    });
});
