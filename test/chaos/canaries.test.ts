import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import proto from '@temporalio/proto';
import { startInstallation } from '../support/installation.ts';
import { alertmanagerPayload } from '../support/payloads.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { cli } from '../support/cli.ts';
import { until } from '../support/until.ts';

/** Credentials: to be found nowhere at all. */
const TOKEN = 'canary-token-5d1f';
const HEADER = 'canary-header-77aa';
const KEY = randomBytes(32).toString('base64');
/** What an event and a failed step tell: to be found in NATS, and nowhere in Temporal while encryption is on. */
const DATA = 'canary-data-91c3';
const FAILURE = 'canary-failure-0be4';
/** A label: its step's worker has to know it. */
const LABEL = 'canary-label-3f7a';

describe('canaries', () => {
  it('with encryption, no credential is stored anywhere, and nothing of an event in Temporal', async () => {
    const found = await search({ encryption: { keys: [{ id: 'test', key: 'env:CANARY_KEY' }] } });
    assert.deepEqual(found, { anywhere: [], temporal: [], told: [], measured: [] });
  });

  it('the control: without encryption the same search finds what the event, its labels and the failure told', async () => {
    const { anywhere, temporal, told, measured } = await search({});
    assert.deepEqual([anywhere, measured], [[], []]);
    assert.deepEqual(temporal, [DATA, FAILURE, LABEL]);
    assert.deepEqual(told, [DATA, FAILURE, LABEL]);
  });
});

interface Found {
  /** Credentials in any file, answer or metric. */
  readonly anywhere: readonly string[];
  /** Of all canaries, those in Temporal's database. */
  readonly temporal: readonly string[];
  /** In what Temporal's server tells a client that has no key. */
  readonly told: readonly string[];
  /** At `/metrics` of any process. */
  readonly measured: readonly string[];
}

const { History } = proto.temporal.api.history.v1;
const textOf = async (url: string): Promise<string> => (await fetch(url)).text();

/** One event that fails, one that is buried; then everything is looked through. */
async function search(more: object): Promise<Found> {
  const port = await freePort();
  const tocsin = await startInstallation({
    env: { CANARY_TOKEN: TOKEN, CANARY_KEY: KEY },
    config: () => ({
      ...more,
      intake: {
        port,
        senders: [{ name: 'am', kind: 'alertmanager', auth: { kind: 'bearer', secrets: ['env:CANARY_TOKEN'] } }],
      },
      services: [
        {
          name: 'checkout',
          region: 'eu',
          health: `http://${FAILURE}.example/healthz`,
          status: ['/bin/false'],
          restart: ['/bin/false'],
        },
      ],
    }),
  });
  try {
    const roles = await Promise.all(['worker', 'trigger', 'intake'].map((role) => tocsin.startReady(role)));
    await post(port);
    await tocsin.log.publish('events.eu.normal.test.bad', Buffer.from('not json'), {
      headers: { authorization: 'none' },
    });
    const run = await until('the run is closed', async () => {
      for await (const each of tocsin.runs.closedSince(0)) return each;
      return null;
    });
    await until('the bad event is buried', async () => {
      for await (const letter of tocsin.path.deadLetters.list()) return letter;
      return null;
    });
    const answers = [
      (await cli(tocsin.env, 'explain', run.workflowId, '--json')).stdout,
      (await cli(tocsin.env, 'dead-letters', 'list', '--json')).stdout,
    ];
    const metrics = await Promise.all(roles.map(({ metricsUrl }) => textOf(metricsUrl)));
    assert.ok(metrics.every((text) => text.includes('tocsin_')));
    await Promise.all(roles.map((role) => role.stop()));
    const told = await tocsin.client.workflowService.getWorkflowExecutionHistory({
      namespace: 'default',
      execution: { workflowId: run.workflowId },
    });
    const history = Buffer.from(History.encode(told.history ?? {}).finish()).toString('latin1');
    const texts = [...answers, ...metrics, ...filesOf(tocsin.servers.dir)];
    const database = filesOf(join(tocsin.servers.dir, 'temporal'));
    return {
      anywhere: [TOKEN, HEADER, KEY].filter((canary) => texts.some((text) => text.includes(canary))),
      temporal: [TOKEN, HEADER, KEY, DATA, FAILURE, LABEL].filter((canary) =>
        database.some((text) => text.includes(canary)),
      ),
      // Headers of steps among it: arguments, memo and headers of every event, as bytes.
      told: [DATA, FAILURE, LABEL].filter((canary) => history.includes(canary)),
      measured: [DATA, FAILURE, LABEL].filter((canary) => metrics.some((text) => text.includes(canary))),
    };
  } finally {
    await tocsin.stop();
  }
}

/** Databases, streams and logs as they lie on the disk. */
const filesOf = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile() && !path.endsWith('tocsin.yaml'))
    .map((path) => readFileSync(path, 'latin1'));

async function post(port: number): Promise<void> {
  const body = JSON.stringify(alertmanagerPayload('firing'))
    .replace('fails its health check', DATA)
    .replace('"service":', `"team":"${LABEL}","service":`);
  const response = await fetch(`http://127.0.0.1:${port}/in/am`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${TOKEN}`,
      cookie: HEADER,
      'x-secret': HEADER,
    },
    body,
  });
  assert.equal(response.status, 202);
}
