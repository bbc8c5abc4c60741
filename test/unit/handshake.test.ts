/** The handshake that senders of CloudEvents make before they send anything. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startIntake } from '../support/intake.ts';

const log = { publish: () => Promise.reject(new Error('must not be called')) };
const ORIGIN = { 'webhook-request-origin': 'eventgrid.azure.net', 'webhook-request-rate': '120' };

describe('the handshake of CloudEvents', () => {
  for (const [what, path, headers, expected] of [
    ['who asks may send', 'ce', ORIGIN, [200, 'POST', 'eventgrid.azure.net', '*']],
    ['who does not ask is told the right method', 'ce', {}, [405, 'POST', null, null]],
    ['other kinds do not answer it', 'am', ORIGIN, [405, 'POST', null, null]],
    ['an unknown sender', 'nobody', ORIGIN, [404, null, null, null]],
  ] as const)
    it(what, async (t) => {
      const { url } = await startIntake(t, log);
      const answer = await fetch(`${url}/in/${path}`, { method: 'OPTIONS', headers });
      const said = ['allow', 'webhook-allowed-origin', 'webhook-allowed-rate'].map((name) => answer.headers.get(name));
      assert.deepEqual([answer.status, ...said], expected);
    });
});
