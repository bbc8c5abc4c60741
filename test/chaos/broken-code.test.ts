/** Runbooks with a mistake in their code end like others that fail: within their bound, told to people, with what was thrown and what is to be done. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type BeginRun, beginsRuns } from '../support/begin-run.ts';
import { ended, judgeFault, section } from '../support/faulty-run.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { type RecordingServices, recordingServices } from '../support/recording-services.ts';
import { until } from '../support/until.ts';

interface Told {
  readonly key: string;
  readonly severity: string;
  readonly title: string;
  readonly text: string;
}

const THROWN = /Cannot read properties of undefined \(reading 'name'\)/;
/** Well beyond the first failures of a workflow task. */
const SHORT_MS = 10_000;

describe('a runbook with a mistake in its code', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-broken-'));
  let tocsin: Installation;
  let receiver: Receiver;
  let services: RecordingServices;
  let begin: BeginRun;
  before(async () => {
    receiver = await startReceiver();
    tocsin = await startInstallation({
      env: {
        TOCSIN_PROJECT: join(import.meta.dirname, '../support/broken-project'),
        WEBHOOK_URL: receiver.url.href,
      },
      config: ({ target, origin }) => {
        services = recordingServices(dir, ['a'], () => target.health);
        return {
          services: services.targets,
          http: { allow: [{ origin, private: true }] },
          notify: { channels: [{ kind: 'webhook', url: 'env:WEBHOOK_URL' }] },
        };
      },
    });
    begin = beginsRuns(tocsin, 'a');
    await Promise.all([tocsin.startReady('worker'), tocsin.startReady('trigger')]);
  });
  after(async () => {
    await tocsin?.stop();
    await receiver?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const toldOf = (key: string): Promise<Told> =>
    until(`${key} is told`, () =>
      receiver.requests.map(({ body }) => JSON.parse(body) as Told).find((told) => told.key === key),
    );

  it('fails at once when it is written with the kit, undoes what it did, and is told', async () => {
    const id = await begin('breaksOff', { service: 'a' });
    await ended(tocsin.client, id);
    const taken = 'take a out of rotation';
    const page = await judgeFault(tocsin, id, { ends: 'failed', human: THROWN, done: [taken], undone: [taken] });
    assert.deepEqual(section(page, 'Left as it is'), []);
    assert.deepEqual(
      services.changes().map(({ verb }) => verb),
      ['take-out', 'put-back'],
    );
    const { severity, text } = await toldOf(`run/${id}/failed`);
    assert.equal(severity, 'critical');
    assert.match(text, THROWN);
  });

  it('ends by its execution time-out when its task fails for ever, and is told why', async () => {
    const id = await begin('breaksFirst', {}, {}, SHORT_MS);
    await ended(tocsin.client, id);
    const page = await judgeFault(tocsin, id, { ends: 'timed_out', failed: THROWN, done: [], undone: [] });
    assert.deepEqual(section(page, 'To do'), ['mend the code of the runbook: until then it fails again and again']);
    const { severity, title, text } = await toldOf(`run/${id}/timed-out`);
    assert.deepEqual([severity, title], ['critical', `eu: run ${id} timed-out`]);
    assert.match(text, /reason: .*, because the code of its runbook does: .*reading 'name'/);
  });
});
