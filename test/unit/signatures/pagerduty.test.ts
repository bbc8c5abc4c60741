import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { verify } from '../../../triggers/intake/signatures/pagerduty.ts';

const BODY = Buffer.from('{"event":{"id":"1"}}');
const hmac = (secret: string, content: Uint8Array = BODY) => createHmac('sha256', secret).update(content).digest('hex');
const check = (header: string | undefined, secrets = ['new'], raw: Uint8Array = BODY) =>
  verify(raw, header === undefined ? {} : { 'x-pagerduty-signature': header }, secrets, new Date());

describe('signature of pagerduty', () => {
  const CASES: readonly (readonly [why: string, accepted: boolean, result: boolean])[] = [
    ['one signature', true, check(`v1=${hmac('new')}`)],
    ['two during a rotation, ours second', true, check(`v1=${hmac('other')},v1=${hmac('new')}`)],
    ['blanks after the comma', true, check(`v1=${hmac('other')}, v1=${hmac('new')}`)],
    ['the old secret is still configured', true, check(`v1=${hmac('old')}`, ['new', 'old'])],
    ['no header', false, check(undefined)],
    ['an empty header', false, check('')],
    ['another version', false, check(`v2=${hmac('new')}`)],
    ['no version', false, check(hmac('new'))],
    ['another secret', false, check(`v1=${hmac('other')}`)],
    ['no secret configured', false, check(`v1=${hmac('new')}`, [])],
    ['an empty secret', false, check(`v1=${hmac('')}`, [''])],
    ['another body', false, check(`v1=${hmac('new')}`, ['new'], Buffer.from('{}'))],
    ['a cut signature', false, check(`v1=${hmac('new').slice(0, 62)}`)],
    ['ours behind a hundred others', false, check(`${`v1=${hmac('x')},`.repeat(20)}v1=${hmac('new')}`)],
  ];
  for (const [why, accepted, result] of CASES) it(why, () => assert.equal(result, accepted));

  it('never throws', () =>
    fc.assert(fc.property(fc.string(), fc.uint8Array(), (header, raw) => check(header, ['new'], raw) === false)));
});
