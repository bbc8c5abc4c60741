/** Pub/Sub repeats every answer that is no success for days: an unwrapped push is taken whatever type it says, and poison is kept. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, it } from 'node:test';
import type { QuarantinedRequest } from '../../triggers/intake/quarantine.ts';
import { toSender } from '../../workers/roles/configured-sender.ts';
import { startIntake } from '../support/intake.ts';

const log = { publish: () => Promise.resolve({ stream: 'EVENTS_EU', sequence: 1, duplicate: false }) };
const sender = toSender({ name: 'gcp', kind: 'gcp', auth: { kind: 'none' } });
const METADATA = { 'x-goog-pubsub-message-id': 'm-1' };
const INCIDENT = { version: '1.2', incident: { incident_id: '1', state: 'open', started_at: 1_777_629_600 } };

/** Without the content type that `fetch` would add. */
const post = (url: string, body: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end(body);
  });

/** Names under which gateways and senders prove who they are. */
const SECRET_NAMES = [
  'authorization',
  'proxy-authorization',
  'x-serverless-authorization',
  'x-auth-token',
  'x-auth-request-access-token',
  'x-amzn-oidc-data',
  'x-amz-security-token',
  'x-ms-token-aad-access-token',
  'x-ms-client-principal',
  'cf-access-jwt-assertion',
  'x-client-cert',
  'ssl-client-certificate',
  'x-hub-signature-256',
  'webhook-signature',
  'cookie',
  'x-api-key',
  'apikey',
  'x-functions-key',
  'ocp-apim-subscription-key',
  'x-routing-key',
  'x-webhook-secret',
  'x-password',
];

describe('answers to Pub/Sub', () => {
  for (const name of SECRET_NAMES)
    it(`${name} of an unwrapped push is not stored, attributes beside it are`, async (t) => {
      const stored: string[] = [];
      const publish = (_subject: string, data: Uint8Array) => {
        stored.push(Buffer.from(data).toString('utf8'));
        return log.publish();
      };
      const { url } = await startIntake(t, { publish }, { senders: [sender] });
      const headers = { ...METADATA, [name]: 'canary', author: 'ada', eventtype: 'OBJECT_FINALIZE' };
      assert.equal(await post(`${url}/in/gcp`, 'disk full', headers), 202);
      const events = stored.map((text) => JSON.parse(text) as { readonly data: { readonly attributes: unknown } });
      assert.deepEqual(
        events.map(({ data }) => data.attributes),
        [{ author: 'ada', eventtype: 'OBJECT_FINALIZE' }],
      );
    });

  for (const [what, body, headers, reasons] of [
    ['an incident without content type', JSON.stringify(INCIDENT), {}, []],
    ['an incident of another type', JSON.stringify(INCIDENT), { 'content-type': 'application/octet-stream' }, []],
    ['an unwrapped text without content type', 'disk full', METADATA, []],
    ['an unwrapped message without data', '', METADATA, []],
    ['a form', 'a=1', { 'content-type': 'application/x-www-form-urlencoded' }, ['not-json']],
    [
      'an unwrapped incident without an id',
      '{"version":"1.2","incident":{"started_at":1,"state":"open"}}',
      METADATA,
      ['missing-identity'],
    ],
    ['a truncated push', '{"message":{"data":"', { 'content-type': 'application/json' }, ['not-json']],
  ] as const)
    it(what, async (t) => {
      const kept: QuarantinedRequest[] = [];
      const quarantine = (each: QuarantinedRequest) => Promise.resolve(void kept.push(each));
      const { url } = await startIntake(t, log, { senders: [sender], quarantine });
      assert.equal(await post(`${url}/in/gcp`, body, headers), 202);
      assert.deepEqual(
        kept.flatMap(({ refused }) => refused.map(({ reason }) => reason)),
        reasons,
      );
    });
});
