import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { awsSns } from '../../../triggers/sources/aws-sns.ts';
import { isAmazonSns } from '../../../triggers/sources/sns-confirmation.ts';
import type { SourceRequest } from '../../../triggers/sources/source.ts';
import { fixture, fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const ARN = 'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:CPU: high';
const ALARM = {
  AlarmName: 'CPU: high',
  AlarmDescription: 'too hot',
  AWSAccountId: '111122223333',
  NewStateValue: 'ALARM',
  NewStateReason: 'Threshold Crossed',
  StateChangeTime: '2026-05-01T10:00:00.123+0000',
  Region: 'EU (Ireland)',
  AlarmArn: ARN,
  OldStateValue: 'OK',
  Trigger: {
    MetricName: 'CPUUtilization',
    Namespace: 'AWS/EC2',
    Dimensions: [{ name: 'InstanceId', value: 'i-1' }],
  },
};
const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:alerts';
const envelope = (message: unknown, more: object = {}) => ({
  Type: 'Notification',
  MessageId: 'm-1',
  TopicArn: TOPIC,
  Message: typeof message === 'string' ? message : JSON.stringify(message),
  Timestamp: '2026-05-01T10:00:01.000Z',
  ...more,
});
const lambda = (...messages: readonly unknown[]) => ({
  Records: messages.map((message) => ({ EventSource: 'aws:sns', Sns: envelope(message) })),
});
const RAW = {
  'x-amz-sns-message-type': 'Notification',
  'x-amz-sns-rawdelivery': 'true',
  'x-amz-sns-message-id': 'm-1',
  'x-amz-sns-topic-arn': TOPIC,
};
const { AlarmArn: _arn, ...WITHOUT_ARN } = ALARM;
const METRICS = [
  { Expression: 'm1*1', Id: 'e1', ReturnData: true },
  {
    Id: 'm1',
    MetricStat: { Metric: { MetricName: 'NetworkOut', Dimensions: [{ name: 'InstanceId', value: 'i-7' }] } },
  },
];
const CONFIGURATION = {
  source: 'aws.cloudwatch',
  'detail-type': 'CloudWatch Alarm Configuration Change',
  id: 'e-1',
  detail: { operation: 'update' },
};
const read = (message: unknown) => onlyAlert(awsSns, requestOf(envelope(message), { contentType: 'text/plain' }));

describe('aws-sns with a CloudWatch alarm inside', () => {
  it('reads what the alarm says, the region as a code', () => {
    const alert = read(ALARM);
    assert.equal(alert.alertKey, `test:${ARN}`);
    assert.equal(alert.name, 'CPU: high');
    assert.deepEqual(alert.severity, { number: null, text: null });
    assert.equal(alert.time.started, '2026-05-01T10:00:00.123Z');
    assert.equal(alert.time.original['started'], ALARM.StateChangeTime);
    assert.deepEqual(alert.location, {
      cloud: { value: 'aws', from: 'Message.AlarmArn' },
      account: { value: '111122223333', from: 'Message.AWSAccountId' },
      region: { value: 'eu-west-1', from: 'Message.AlarmArn' },
      zone: null,
      cluster: null,
    });
    assert.deepEqual(alert.resource, { kind: 'InstanceId', id: 'i-1', name: null });
    assert.deepEqual(alert.labels, { InstanceId: 'i-1', metric: 'CPUUtilization', namespace: 'AWS/EC2' });
    assert.deepEqual(alert.delivery, { id: 'm-1', attempt: null });
  });

  const STATES: readonly (readonly [state: string, more: object, status: string])[] = [
    ['ALARM', {}, 'firing'],
    ['OK', {}, 'resolved'],
    ['INSUFFICIENT_DATA', {}, 'unknown'],
    ['A_LATER_STATE', {}, 'unknown'],
    ['ALARM', { ActionsSuppressedBy: 'WaitPeriod' }, 'suppressed'],
    ['OK', { ActionsSuppressedBy: 'Alarm' }, 'resolved'],
  ];
  for (const [state, more, status] of STATES)
    it(`${state} ${JSON.stringify(more)} is ${status}`, () => {
      const alert = read({ ...ALARM, ...more, NewStateValue: state });
      assert.deepEqual([alert.status, alert.statusText, alert.alertKey], [status, state, `test:${ARN}`]);
      assert.equal(alert.time.occurred, '2026-05-01T10:00:00.123Z');
      assert.equal(alert.time.ended, status === 'resolved' ? '2026-05-01T10:00:00.123Z' : null);
    });

  it('each contributor of an alarm over many time series is an alert of its own', () => {
    const about = (id: string, endpoint: string) => ({
      AlarmContributorId: id,
      AlarmContributorAttributes: { endpoint },
    });
    const orders = { ...ALARM, ...about('a1', '/orders'), Trigger: undefined };
    const [firing, resolved] = [read(orders), read({ ...orders, NewStateValue: 'OK' })];
    assert.deepEqual([firing.alertKey, resolved.alertKey], [`test:${ARN}:contributor:a1`, firing.alertKey]);
    assert.notEqual(read({ ...orders, ...about('b2', '/users') }).alertKey, firing.alertKey);
    assert.deepEqual(firing.labels, { endpoint: '/orders' });
    assert.equal(
      read({ ...ALARM, AlarmContributorId: null, AlarmContributorAttributes: null }).alertKey,
      `test:${ARN}`,
    );
  });

  it('an alarm without its ARN has the same key and place', () => {
    const alert = read(WITHOUT_ARN);
    assert.equal(alert.alertKey, `test:${ARN}`);
    assert.deepEqual(alert.location.region, { value: 'eu-west-1', from: 'TopicArn' });
  });

  it('metric-math and composite alarms have no dimensions of their own', () => {
    const math = read({ ...ALARM, Trigger: { Metrics: METRICS } });
    assert.deepEqual(math.labels, { InstanceId: 'i-7', metric: 'NetworkOut' });
    const composite = read({ ...ALARM, Trigger: undefined, AlarmRule: 'ALARM(a) OR ALARM(b)' });
    assert.deepEqual([composite.labels, composite.resource], [{ rule: 'ALARM(a) OR ALARM(b)' }, null]);
  });

  it('an envelope, raw delivery and a Lambda record carry one and the same event', () => {
    const { id } = onlyEvent(awsSns, requestOf(envelope(ALARM, { MessageId: 'another' })));
    const raw = requestOf(ALARM, { headers: RAW, contentType: 'text/plain' });
    assert.equal(onlyEvent(awsSns, raw).id, id);
    assert.equal(onlyEvent(awsSns, { ...raw, body: null }).id, id);
    assert.equal(onlyEvent(awsSns, requestOf(lambda(ALARM))).id, id);
    assert.equal(onlyEvent(awsSns, requestOf(ALARM)).id, id);
  });

  it('a later change is another event', () => {
    const later = { ...ALARM, StateChangeTime: '2026-05-01T11:00:00.000+0000' };
    assert.notEqual(onlyEvent(awsSns, requestOf(envelope(ALARM))).id, onlyEvent(awsSns, requestOf(envelope(later))).id);
  });
});

describe('aws-sns with anything else inside', () => {
  for (const [why, text] of [
    ['brackets', '[ALERT] {disk "full"'],
    ['more brackets than JSON may have', '['.repeat(70)],
    ['more commas than JSON may have', ','.repeat(200_001)],
    ['a number', '12 hosts are down'],
  ] as const)
    it(`a text that begins like JSON is a text: ${why}`, () => {
      const sent = onlyEvent(awsSns, requestOf(envelope(text)));
      assert.equal((sent.data as Record<string, unknown>)['message'], text);
      const raw = requestOf(text, { headers: RAW, contentType: 'text/plain' });
      assert.equal(onlyEvent(awsSns, raw).id, sent.id);
    });

  it('JSON that may not be read is no text', () => {
    assert.deepEqual(rejections(awsSns.toEvents(requestOf(envelope('['.repeat(70) + ']'.repeat(70))))), [
      'too-deep /Message',
    ]);
    assert.deepEqual(rejections(awsSns.toEvents(requestOf(envelope('{"a":1,"a":2}')))), ['duplicate-key /Message/a']);
  });

  it('a text and unknown JSON are plain events of their message', () => {
    const text = onlyEvent(awsSns, requestOf(envelope('Hello {', { MessageAttributes: { a: { Value: '1' } } })));
    assert.equal(text.type, 'tocsin.event.aws.sns.notification');
    const { message, messageId, attributes } = text.data as Record<string, unknown>;
    assert.deepEqual([message, messageId, attributes], ['Hello {', 'm-1', { a: { Value: '1' } }]);
    assert.deepEqual((onlyEvent(awsSns, requestOf(envelope({ a: 1 }))).data as { message: unknown }).message, { a: 1 });
    const again = requestOf(envelope('Hello {', { MessageAttributes: { a: { Value: '1' } } }), {
      receivedAt: '2026-06-02T00:00:00Z',
    });
    assert.equal(onlyEvent(awsSns, again).id, text.id);
    const raw = requestOf('Hello {', { headers: RAW, contentType: 'text/plain' });
    assert.equal(onlyEvent(awsSns, raw).id, text.id);
  });

  it('a plain event keeps the time of its envelope as it was written', () => {
    const timestamp = (request: SourceRequest) => (onlyEvent(awsSns, request).data as { timestamp: unknown }).timestamp;
    const Timestamp = '2026-06-01T12:00:00.120+00:00';
    assert.equal(timestamp(requestOf(envelope('Hello', { Timestamp }))), Timestamp);
    assert.equal(timestamp(requestOf('Hello', { headers: RAW, contentType: 'text/plain' })), null);
  });

  it('an EventBridge event is read as such', () => {
    const event = { source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change Notification', id: 'e-1', detail: {} };
    assert.equal(
      onlyEvent(awsSns, requestOf(envelope(event))).type,
      'tocsin.event.aws.ec2.instance-state-change-notification',
    );
  });

  const QUIET: readonly (readonly [why: string, message: object])[] = [
    ['a configuration change', CONFIGURATION],
    ['the test of a bucket', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'shop' }],
    ['the test of an Auto Scaling group', { Service: 'AWS Auto Scaling', Event: 'autoscaling:TEST_NOTIFICATION' }],
    ['a subscription of SES', { notificationType: 'AmazonSnsSubscriptionSucceeded', message: 'subscribed' }],
  ];
  for (const [why, message] of QUIET)
    it(`${why} starts nothing, however it is delivered`, () => {
      for (const request of [
        requestOf(envelope(message)),
        requestOf(lambda(message)),
        requestOf(message, { headers: RAW }),
      ])
        assert.deepEqual(awsSns.toEvents(request), { events: [], rejected: [] });
    });

  it('a launch of an Auto Scaling group is no test', () =>
    assert.equal(
      onlyEvent(awsSns, requestOf(envelope({ Event: 'autoscaling:EC2_INSTANCE_LAUNCH' }))).type,
      'tocsin.event.aws.sns.notification',
    ));
});

describe('aws-sns subscriptions', () => {
  const confirm = (url: unknown) =>
    requestOf(envelope('You have chosen', { Type: 'SubscriptionConfirmation', Token: 't', SubscribeURL: url }));
  const GOOD = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=t`;

  it('are confirmed at the address of Amazon itself', () => {
    const { events, rejected, control } = awsSns.toEvents(confirm(GOOD));
    assert.deepEqual([events, rejected, control?.kind, control?.confirmUrl], [[], [], 'subscription', GOOD]);
    assert.ok(isAmazonSns('https://sns.cn-north-1.amazonaws.com.cn/?a'));
    assert.ok(isAmazonSns('https://sns.us-gov-west-1.amazonaws.com/'));
  });

  const BAD = [
    'http://sns.eu-west-1.amazonaws.com/',
    'https://sns.eu-west-1.amazonaws.com.evil.example/',
    'https://sns.eu-west-1.amazonaws.com@evil.example/',
    'https://evil.example/sns.eu-west-1.amazonaws.com',
    'https://sns.eu-west-1.amazonaws.com:8443/',
    'https://user@sns.eu-west-1.amazonaws.com/',
    'https://evil.sns.eu-west-1.amazonaws.com/',
    'https://s3.eu-west-1.amazonaws.com/',
    'https://sns.amazonaws.com/',
    'https://evil.example\\@sns.eu-west-1.amazonaws.com/',
    'https://169.254.169.254/',
    'https://sns.eu-west-1.amazonaws.com/\n',
    'file:///etc/passwd',
  ];
  for (const url of BAD)
    it(`are not confirmed at ${JSON.stringify(url)}`, () => {
      const result = awsSns.toEvents(confirm(url));
      assert.deepEqual(rejections(result), ['untrusted-subscribe-url /SubscribeURL']);
      assert.equal(result.control, undefined);
    });

  it('that end are only acknowledged', () => {
    const body = envelope('You have left', { Type: 'UnsubscribeConfirmation', SubscribeURL: GOOD });
    const { events, control } = awsSns.toEvents(requestOf(body));
    assert.deepEqual([events, control?.kind, control?.confirmUrl], [[], 'subscription', undefined]);
  });
});

describe('aws-sns', () => {
  const { AlarmArn: _a, AWSAccountId: _b, ...NOBODY } = ALARM;
  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [envelope({ ...ALARM, NewStateValue: undefined }), 'missing-status /Message/NewStateValue'],
    [envelope({ ...ALARM, StateChangeTime: 'now' }), 'time-not-rfc3339 /Message/StateChangeTime'],
    [envelope(NOBODY), 'missing-identity /Message/AlarmArn'],
    [envelope('{"a":1,"a":2}'), 'duplicate-key /Message/a'],
    [envelope('hi', { MessageId: undefined }), 'missing-identity /MessageId'],
    [{ ...envelope(''), Message: { not: 'a text' } }, 'missing-message /Message'],
    [{ ...envelope('x'), Type: 'Other' }, 'unknown-message-type /Type'],
    [envelope('x', { Type: 'SubscriptionConfirmation' }), 'missing-subscribe-url /SubscribeURL'],
    [lambda({ ...ALARM, NewStateValue: null }), 'missing-status /Records/0/Sns/Message/NewStateValue'],
    [[], 'not-sns '],
  ];
  for (const [body, expected] of REJECTED)
    it(`rejects with ${expected}`, () => assert.deepEqual(rejections(awsSns.toEvents(requestOf(body))), [expected]));

  it('raw bytes that are no text are refused, and so is nothing at all', () => {
    const raw = (bytes: Uint8Array) => rejections(awsSns.toEvents(requestOf(bytes, { headers: RAW })));
    assert.deepEqual(raw(Buffer.from([0x68, 0xff])), ['not-utf8 ']);
    assert.deepEqual(raw(Buffer.alloc(0)), ['empty-body ']);
    // Twice what SNS carries is the last that is read.
    const last = awsSns.toEvents(requestOf(Buffer.alloc(524_288, 'x'), { headers: RAW }));
    assert.deepEqual([last.events.length, last.rejected], [1, []]);
    assert.deepEqual(raw(Buffer.alloc(524_289, 'x')), ['event-too-large ']);
  });

  it('one bad record leaves its neighbours alone', () => {
    const { events, rejected } = awsSns.toEvents(requestOf(lambda({ ...ALARM, NewStateValue: 7 }, ALARM)));
    assert.deepEqual([events.length, rejected.map(({ index }) => index)], [1, [0]]);
  });

  it('takes the text/plain that SNS sends, and any raw message', () => {
    assert.equal(awsSns.bodyOf('text/plain', {}), 'json');
    assert.equal(awsSns.bodyOf('text/csv', {}), 'refused');
    assert.equal(awsSns.bodyOf('text/csv', RAW), 'bytes');
  });

  it('reads the recorded payloads', needsFixtures, () => {
    for (const { raw, file } of [...fixturesOf('aws-sns'), ...fixturesOf('aws-sns-lambda')]) {
      const request = requestOf(raw);
      assert.ok(awsSns.recognises(request), file);
      if (file.includes('missing-state'))
        assert.deepEqual(rejections(awsSns.toEvents(request)), ['missing-status /Message/NewStateValue']);
      else onlyEvent(awsSns, request);
    }
    for (const { raw } of fixturesOf('aws-sqs')) assert.equal(awsSns.recognises(requestOf(raw)), false);
    const { raw } = fixture('aws-sns__cloudwatch-alarm-INSUFFICIENT_DATA__alerta-alerta.json');
    const alert = onlyAlert(awsSns, requestOf(raw));
    assert.deepEqual(
      [alert.status, alert.time.occurred, alert.location.region],
      ['unknown', '2019-05-13T08:41:43.548Z', { value: 'eu-west-1', from: 'TopicArn' }],
    );
  });

  it('never throws', () => {
    assertTotal(awsSns, [envelope(ALARM), lambda(ALARM), ALARM]);
    assertTotal(awsSns, [ALARM], RAW);
  });
});
