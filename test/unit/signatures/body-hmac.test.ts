import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { verify as verifyGithub } from '../../../triggers/intake/signatures/github.ts';
import { verify as verifySentry } from '../../../triggers/intake/signatures/sentry.ts';

const NOW = new Date('2026-06-01T12:00:00Z');
const BODY = Buffer.from('{"zen":"Keep it logically awesome."}');
const hmac = (content: Uint8Array, secret: string) => createHmac('sha256', secret).update(content).digest('hex');

const SCHEMES = [
  ['github', verifyGithub, 'x-hub-signature-256', 'sha256='],
  ['sentry', verifySentry, 'sentry-hook-signature', ''],
] as const;

for (const [scheme, verify, header, prefix] of SCHEMES)
  describe(`signature of ${scheme}`, () => {
    const good = prefix + hmac(BODY, 'new-secret');
    const check = (value: string | undefined, secrets = ['new-secret'], raw: Uint8Array = BODY) =>
      verify(raw, value === undefined ? {} : { [header]: value }, secrets, NOW);

    const CASES: readonly (readonly [why: string, accepted: boolean, result: boolean])[] = [
      ['the right signature', true, check(good)],
      ['upper-case digits', true, check(prefix + hmac(BODY, 'new-secret').toUpperCase())],
      [
        'the old secret during a rotation',
        true,
        check(prefix + hmac(BODY, 'old-secret'), ['new-secret', 'old-secret']),
      ],
      ['no header', false, check(undefined)],
      ['an empty header', false, check('')],
      ['another secret', false, check(prefix + hmac(BODY, 'wrong'))],
      ['no secret configured', false, check(good, [])],
      ['an empty secret', false, check(prefix + hmac(BODY, ''), [''])],
      ['another body', false, check(good, ['new-secret'], Buffer.from('{}'))],
      ['one space more', false, check(good, ['new-secret'], Buffer.concat([BODY, Buffer.from(' ')]))],
      ['a cut signature', false, check(good.slice(0, -2))],
      ['a longer signature', false, check(`${good}00`)],
      ['text that is not hexadecimal', false, check(prefix + 'z'.repeat(64))],
      ['a list of signatures', false, check(`${good},${good}`)],
      ['surrounding spaces', false, check(` ${good}`)],
    ];
    for (const [why, accepted, result] of CASES)
      it(`${accepted ? 'accepts' : 'refuses'} ${why}`, () => assert.equal(result, accepted));

    it('never throws and never accepts noise', () => {
      fc.assert(fc.property(fc.string(), fc.uint8Array(), (value, raw) => !check(value, ['new-secret'], raw)));
    });
  });

it('github: the prefix is part of the format, SHA-1 is not accepted', () => {
  const headers = (value: string) => ({ 'x-hub-signature-256': value });
  assert.equal(verifyGithub(BODY, headers(hmac(BODY, 's')), ['s'], NOW), false);
  const sha1 = createHmac('sha1', 's').update(BODY).digest('hex');
  assert.equal(verifyGithub(BODY, { 'x-hub-signature': `sha1=${sha1}` }, ['s'], NOW), false);
});

it('github: the documented example holds', () => {
  const headers = { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' };
  assert.ok(verifyGithub(Buffer.from('Hello, World!'), headers, ["It's a Secret to Everybody"], NOW));
});
