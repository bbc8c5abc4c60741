/** Real signatures by a certificate made for the test. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { stringToSign, envelopeOf, verify } from '../../../triggers/intake/signatures/aws-sns.ts';

function makeCertificate(): { readonly key: string; readonly pem: string } | null {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-sns-'));
  try {
    const [key, pem] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=sns.amazonaws.com'];
    const { status } = spawnSync('openssl', [...args, '-keyout', key, '-out', pem], { stdio: 'ignore' });
    return status === 0 ? { key: readFileSync(key, 'utf8'), pem: readFileSync(pem, 'utf8') } : null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const made = makeCertificate();
const other = makeCertificate();
const DAY_MS = 86_400_000;
const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:alerts';
const URL = 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-6aad65c2.pem';

describe('signature of aws-sns', { skip: made === null || other === null ? 'openssl is not installed' : false }, () => {
  const now = new Date();
  const NOTIFICATION = {
    Type: 'Notification',
    MessageId: 'm-1',
    TopicArn: TOPIC,
    Subject: 'Ünïcode',
    Message: '{"a":"line\\nbreak"}',
    Timestamp: now.toISOString(),
    SignatureVersion: '1',
    SigningCertURL: URL,
  };
  const CONFIRMATION = { ...NOTIFICATION, Type: 'SubscriptionConfirmation', Token: 't', SubscribeURL: 'https://x/' };
  const signed = (envelope: Record<string, unknown>) => {
    const digest = envelope['SignatureVersion'] === '2' ? 'sha256' : 'sha1';
    const text = stringToSign(envelope) ?? '';
    return { ...envelope, Signature: sign(digest, Buffer.from(text), made?.key ?? '').toString('base64') };
  };
  const check = (envelope: object, certificates = [made?.pem ?? ''], at = now) =>
    verify(Buffer.from(JSON.stringify(envelope)), {}, certificates, at);
  const { Subject: _subject, ...WITHOUT_SUBJECT } = NOTIFICATION;
  const at = (ms: number) => new Date(now.getTime() + ms);

  const CASES: readonly (readonly [why: string, accepted: boolean, result: () => boolean])[] = [
    ['version 1', true, () => check(signed(NOTIFICATION))],
    ['version 2', true, () => check(signed({ ...NOTIFICATION, SignatureVersion: '2' }))],
    ['without a subject', true, () => check(signed(WITHOUT_SUBJECT))],
    ['a confirmation', true, () => check(signed(CONFIRMATION))],
    ['the second of two certificates', true, () => check(signed(NOTIFICATION), [other?.pem ?? '', made?.pem ?? ''])],
    ['a field that is not signed', true, () => check({ ...signed(NOTIFICATION), UnsubscribeURL: 'x' })],
    ['another message', false, () => check({ ...signed(NOTIFICATION), Message: 'x' })],
    ['a subject put in', false, () => check({ ...signed(WITHOUT_SUBJECT), Subject: 'x' })],
    ['another topic', false, () => check({ ...signed(NOTIFICATION), TopicArn: `${TOPIC}2` })],
    ['another type', false, () => check({ ...signed(NOTIFICATION), Type: 'SubscriptionConfirmation' })],
    ['another version', false, () => check({ ...signed(NOTIFICATION), SignatureVersion: '2' })],
    ['an unknown version', false, () => check({ ...signed(NOTIFICATION), SignatureVersion: '3' })],
    ['an inherited version', false, () => check({ ...signed(NOTIFICATION), SignatureVersion: 'toString' })],
    ['no signature', false, () => check(NOTIFICATION)],
    ['a signature that is no base64', false, () => check({ ...NOTIFICATION, Signature: '!!!!' })],
    ['another certificate', false, () => check(signed(NOTIFICATION), [other?.pem ?? ''])],
    ['no certificate', false, () => check(signed(NOTIFICATION), [])],
    ['not a certificate', false, () => check(signed(NOTIFICATION), ['-----BEGIN CERTIFICATE-----'])],
    ['three hours old', false, () => check(signed(NOTIFICATION), undefined, at(DAY_MS / 8))],
    ['ten minutes ahead', false, () => check(signed(NOTIFICATION), undefined, at(-600_000))],
    [
      'a certificate that has run out',
      false,
      () => check(signed({ ...NOTIFICATION, Timestamp: at(3 * DAY_MS).toISOString() }), undefined, at(3 * DAY_MS)),
    ],
    ['no time', false, () => check(signed({ ...NOTIFICATION, Timestamp: 'now' }))],
    ['raw delivery', false, () => check({ AlarmName: 'x' })],
  ];
  for (const [why, accepted, result] of CASES) it(why, () => assert.equal(result(), accepted));

  it('the text that is signed', () => {
    assert.equal(
      stringToSign({ ...WITHOUT_SUBJECT, Timestamp: 'T' }),
      `Message\n${NOTIFICATION.Message}\nMessageId\nm-1\nTimestamp\nT\nTopicArn\n${TOPIC}\nType\nNotification\n`,
    );
    assert.equal(stringToSign({ ...NOTIFICATION, Message: 7 }), null);
  });

  it('never throws', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (raw) => {
          envelopeOf(raw);
          return !verify(raw, {}, [made?.pem ?? ''], now);
        },
      ),
    ));
});
