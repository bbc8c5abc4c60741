import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { awsSqs } from '../../../triggers/sources/aws-sqs.ts';
import { fixture, needsFixtures } from '../../support/fixtures.ts';
import { alertmanagerPayload } from '../../support/payloads.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const RECORD = {
  messageId: 'm-1',
  receiptHandle: 'handle',
  body: 'Disk is full',
  attributes: { SentTimestamp: '1777629600029', ApproximateReceiveCount: '1' },
  messageAttributes: {},
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-west-1:123456789012:alerts',
  awsRegion: 'eu-west-1',
};
const records = (...changes: object[]) => ({ Records: changes.map((each) => ({ ...RECORD, ...each })) });
const RECEIVED = { Messages: [{ MessageId: 'm-1', ReceiptHandle: 'handle', Body: '{"a":1}', MD5OfBody: 'x' }] };

describe('aws-sqs', () => {
  it('text is a plain event, without the handle that deletes it', () => {
    const event = onlyEvent(awsSqs, requestOf(records({})));
    assert.equal(event.type, 'tocsin.event.aws.sqs.message');
    assert.equal(event.time, '2026-05-01T10:00:00.029Z');
    assert.equal(event.subject, RECORD.eventSourceARN);
    const { receiptHandle: _handle, ...kept } = RECORD;
    assert.deepEqual(event.data, kept);
  });

  it('JSON is read, in the answer of ReceiveMessage too', () => {
    const event = onlyEvent(awsSqs, requestOf(RECEIVED));
    assert.deepEqual(event.data, { MessageId: 'm-1', Body: '{"a":1}', MD5OfBody: 'x', json: { a: 1 } });
  });

  it('what says itself what it is becomes that', () => {
    const alert = onlyAlert(awsSqs, requestOf(records({ body: JSON.stringify(alertmanagerPayload('firing')) })));
    assert.equal(alert.status, 'firing');
    assert.deepEqual(alert.delivery, { id: 'm-1', attempt: 1 });
  });

  it('a redelivery has the same id, another message has not', () => {
    const id = (changes: object) => onlyEvent(awsSqs, requestOf(records(changes))).id;
    assert.equal(
      id({}),
      id({ receiptHandle: 'new', attributes: { ...RECORD.attributes, ApproximateReceiveCount: '2' } }),
    );
    assert.notEqual(id({}), id({ messageId: 'm-2' }));
  });

  it('a bad message leaves its neighbours alone', () => {
    const bad = { groupKey: '{}', alerts: [{ labels: { alertname: 'x' } }] };
    const { events, rejected } = awsSqs.toEvents(
      requestOf(records({}, { body: null }, { body: JSON.stringify(bad) }, { messageId: 'm-4' })),
    );
    assert.equal(events.length, 2);
    assert.deepEqual(
      rejected.map(({ index, reason, place }) => `${index} ${reason} ${place}`),
      ['1 missing-body /Records/1/body', '2 missing-status /Records/2/body'],
    );
    assert.match(rejected[1]?.message ?? '', /^inside, at \/alerts\/0\/status: /);
  });

  for (const [name, body, expected] of [
    ['something else', [], ['not-sqs ']],
    ['no id', records({ messageId: null }), ['missing-identity /Records/0/messageId']],
    [
      'a bad time',
      records({ attributes: { SentTimestamp: 'now' } }),
      ['time-not-rfc3339 /Records/0/attributes/SentTimestamp'],
    ],
    ['a message that is none', { Messages: [1] }, ['not-an-object /Messages/0']],
    ['more messages than are read', { Records: Array.from({ length: 10_001 }, () => 1) }, ['too-many-events /Records']],
  ] as const)
    it(`refuses ${name}`, () => assert.deepEqual(rejections(awsSqs.toEvents(requestOf(body))), expected));

  it('is recognised by its content', () => {
    assert.ok(awsSqs.recognises(requestOf(records({}))) && awsSqs.recognises(requestOf(RECEIVED)));
    assert.ok(!awsSqs.recognises(requestOf({ Records: [{ EventSource: 'aws:sns', Sns: {} }] })));
  });

  it('never throws', () => assertTotal(awsSqs, [records({}), RECEIVED]));

  it('reads a real payload', needsFixtures, () =>
    assert.equal(
      onlyEvent(awsSqs, requestOf(fixture('aws-sqs__message__aws-aws-lambda-go.json').raw)).time,
      '2018-03-09T18:53:45.029Z',
    ),
  );
});
