import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { awsEventbridge } from '../../../triggers/sources/aws-eventbridge.ts';
import { fixture, fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const event = (source: string, type: string, detail: object, more: object = {}) => ({
  id: 'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
  'detail-type': type,
  source,
  account: '111122223333',
  time: '2026-05-01T10:00:02Z',
  region: 'eu-west-1',
  resources: [],
  detail,
  ...more,
});
const ARN = 'arn:aws:cloudwatch:eu-west-1:111122223333:alarm:CPU';
const STATE = { value: 'ALARM', timestamp: '2026-05-01T10:00:00.123+0000', reason: 'hot', reasonData: '{"a":1}' };
const METRIC = { metric: { namespace: 'AWS/EC2', name: 'CPU', dimensions: { InstanceId: 'i-1' } }, stat: 'Average' };
const alarm = (state: object, more: object = {}, configuration: object = { metrics: [{ metricStat: METRIC }] }) =>
  event(
    'aws.cloudwatch',
    'CloudWatch Alarm State Change',
    { alarmName: 'CPU', state: { ...STATE, ...state }, previousState: { value: 'OK' }, configuration },
    { resources: [ARN], ...more },
  );
const HEALTH = {
  eventArn: 'arn:aws:health:us-west-2::event/EC2/AWS_EC2_ISSUE/1',
  service: 'EC2',
  eventTypeCode: 'AWS_EC2_ISSUE',
  eventTypeCategory: 'issue',
  startTime: 'Sat, 05 Jun 2016 15:10:09 GMT',
  eventDescription: [{ language: 'en_US', latestDescription: 'a drive is slow' }],
  affectedEntities: [{ entityValue: 'i-abcd1111' }],
};
const health = (more: object = {}) => event('aws.health', 'AWS Health Event', { ...HEALTH, ...more });
const ended = { endTime: 'Mon, 6 Jun 2016 01:02:03 GMT' };
const read = (body: unknown) => onlyAlert(awsEventbridge, requestOf(body));
const plain = (body: unknown) => onlyEvent(awsEventbridge, requestOf(body));

describe('aws-eventbridge: CloudWatch alarms', () => {
  it('reads what the alarm says', () => {
    const alert = read(alarm({}));
    assert.deepEqual([alert.alertKey, alert.name, alert.status], [`test:${ARN}`, 'CPU', 'firing']);
    assert.equal(alert.time.started, '2026-05-01T10:00:00.123Z');
    assert.deepEqual(alert.location.region, { value: 'eu-west-1', from: 'resources.0' });
    assert.deepEqual(alert.location.account, { value: '111122223333', from: 'account' });
    assert.deepEqual(alert.labels, { InstanceId: 'i-1', metric: 'CPU', namespace: 'AWS/EC2' });
    assert.deepEqual(alert.resource, { kind: 'InstanceId', id: 'i-1', name: null });
  });

  const STATES: readonly (readonly [state: object, status: string])[] = [
    [{ value: 'OK' }, 'resolved'],
    [{ value: 'INSUFFICIENT_DATA' }, 'unknown'],
    [{ value: 'ALARM', actionsSuppressedBy: 'WaitPeriod' }, 'suppressed'],
    [{ value: 'ALARM', actionsSuppressedBy: 'Alarm', actionsSuppressedReason: 'x' }, 'suppressed'],
    [{ value: 'OK', actionsSuppressedBy: 'ExtensionPeriod' }, 'resolved'],
  ];
  for (const [state, status] of STATES)
    it(`${JSON.stringify(state)} is ${status}, under the same key`, () => {
      const alert = read(alarm(state));
      assert.deepEqual([alert.status, alert.alertKey], [status, `test:${ARN}`]);
    });

  it('a composite alarm has a rule and no metric; without resources it has the same key', () => {
    const alert = read(alarm({}, { resources: [] }, { alarmRule: 'ALARM(a)' }));
    assert.deepEqual([alert.alertKey, alert.labels, alert.resource], [`test:${ARN}`, { rule: 'ALARM(a)' }, null]);
  });

  it('what a Lambda function gets as action of an alarm has the same key', () => {
    const { detail } = alarm({});
    const body = {
      source: 'aws.cloudwatch',
      alarmArn: ARN,
      accountId: '111122223333',
      time: '2026-05-01T10:00:01.000+0000',
      region: 'eu-west-1',
      alarmData: detail,
    };
    assert.ok(awsEventbridge.recognises(requestOf(body)));
    const alert = read(body);
    assert.deepEqual([alert.alertKey, alert.status], [`test:${ARN}`, 'firing']);
    assert.equal(alert.time.started, '2026-05-01T10:00:00.123Z');
    assert.deepEqual(alert.location.region, { value: 'eu-west-1', from: 'alarmArn' });
    const stateless = { ...body, alarmData: { alarmName: 'CPU' } };
    assert.deepEqual(rejections(awsEventbridge.toEvents(requestOf(stateless))), [
      'missing-status /alarmData/state/value',
    ]);
  });

  it('each contributor of an alarm over many time series is an alert of its own', () => {
    const contributor = (id: string | undefined, value: string) =>
      event(
        'aws.cloudwatch',
        'CloudWatch Alarm Contributor State Change',
        {
          alarmName: 'CPU',
          alarmContributor: { id, attributes: { TableName: 'orders' } },
          state: { ...STATE, value },
          configuration: { metrics: [{ id: 'm1', expression: 'SELECT AVG(x) FROM y GROUP BY TableName' }] },
        },
        { resources: [ARN] },
      );
    const [firing, resolved, other] = [
      read(contributor('6d44', 'ALARM')),
      read(contributor('6d44', 'OK')),
      read(contributor('77aa', 'ALARM')),
    ];
    assert.deepEqual([firing.alertKey, firing.status], [`test:${ARN}:contributor:6d44`, 'firing']);
    assert.deepEqual([resolved.alertKey, resolved.status], [firing.alertKey, 'resolved']);
    assert.notEqual(other.alertKey, firing.alertKey);
    assert.deepEqual([firing.labels, firing.resource?.id], [{ TableName: 'orders' }, 'orders']);
    assert.deepEqual(rejections(awsEventbridge.toEvents(requestOf(contributor(undefined, 'OK')))), [
      'missing-identity /detail/alarmContributor/id',
    ]);
  });

  it('an alarm that a mute rule holds back is suppressed, and over when it is over', () => {
    const muted = (value: string) => {
      const body = alarm({ value });
      return {
        ...body,
        detail: {
          ...body.detail,
          muteDetail: { mutedByArn: 'arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:night' },
        },
      };
    };
    assert.deepEqual([read(muted('ALARM')).status, read(muted('OK')).status], ['suppressed', 'resolved']);
    assert.match(read(muted('ALARM')).annotations['suppressedBy'] ?? '', /mute-rule:night$/);
  });

  it('a redelivery is the same event', () => assert.equal(plain(alarm({})).id, plain(alarm({}, { time: null })).id));

  it('a configuration change starts nothing', () => {
    const body = event('aws.cloudwatch', 'CloudWatch Alarm Configuration Change', { operation: 'delete' });
    assert.ok(awsEventbridge.recognises(requestOf(body)));
    assert.deepEqual(awsEventbridge.toEvents(requestOf(body)), { events: [], rejected: [] });
  });
});

describe('aws-eventbridge: Health', () => {
  for (const [why, detail, status] of [
    ['closed', { statusCode: 'closed' }, 'resolved'],
    [
      'open with an end that is only expected',
      { statusCode: 'open', endTime: 'Fri, 05 Jun 2026 15:10:09 GMT' },
      'firing',
    ],
    ['yet to come', { statusCode: 'upcoming', startTime: 'Fri, 05 Jun 2026 15:10:09 GMT' }, 'unknown'],
    ['without a code, its end has come', ended, 'resolved'],
    ['without a code, its end is to come', { endTime: 'Fri, 05 Jun 2026 15:10:09 GMT' }, 'firing'],
  ] as const)
    it(`an issue that is ${why}: ${status}`, () => assert.equal(read(health(detail)).status, status));

  it('each page of a long list of resources is an event', () => {
    const [first, again, second] = ['1', '1', '2'].map((page) => plain(health({ page, totalPages: '2' })).id);
    assert.equal(first, again);
    assert.notEqual(first, second);
  });

  it('an issue fires from its start, whatever the weekday says, and resolves with its end', () => {
    const [firing, resolved] = [read(health()), read(health(ended))];
    assert.deepEqual([firing.status, firing.time.started], ['firing', '2016-06-05T15:10:09Z']);
    assert.equal(firing.time.original['started'], HEALTH.startTime);
    assert.deepEqual([resolved.status, resolved.time.ended], ['resolved', '2016-06-06T01:02:03Z']);
    assert.equal(firing.alertKey, resolved.alertKey);
    assert.deepEqual(firing.location.region, { value: 'us-west-2', from: 'detail.eventArn' });
    assert.deepEqual(firing.resource, { kind: 'EC2', id: 'i-abcd1111', name: null });
    assert.equal(firing.description, 'a drive is slow');
  });

  it('goes by the status code where there is one', () => {
    assert.equal(read(health({ ...ended, statusCode: 'open' })).status, 'firing');
    assert.equal(read(health({ statusCode: 'closed' })).status, 'resolved');
    assert.equal(read(health({ statusCode: 'upcoming' })).status, 'unknown');
  });

  it('the copy for the backup region is the same event; another account is another alert', () => {
    assert.equal(plain(health()).id, plain({ ...health(), id: 'other', region: 'us-east-1' }).id);
    assert.notEqual(read(health()).alertKey, read(health({ affectedAccount: '444455556666' })).alertKey);
  });

  it('planned changes and notices neither fire nor resolve', () => {
    for (const eventTypeCategory of ['scheduledChange', 'accountNotification'])
      assert.equal(plain(health({ eventTypeCategory, ...ended })).type, 'tocsin.event.aws.health.event');
  });
});

describe('aws-eventbridge: plain events', () => {
  it('EC2: the blank in the id of the sample is no part of it', () => {
    const { type, subject, time, data } = plain(
      event('aws.ec2', 'EC2 Instance State-change Notification', { 'instance-id': ' i-abcd1111', state: 'pending' }),
    );
    assert.equal(type, 'tocsin.event.aws.ec2.instance-state-change-notification');
    assert.deepEqual([subject, time], ['i-abcd1111', '2026-05-01T10:00:02Z']);
    const { location } = data as { location: { region: unknown } };
    assert.deepEqual(location.region, { value: 'eu-west-1', from: 'region' });
  });

  it('a lifecycle hook keeps what completes it', () => {
    const detail = { LifecycleActionToken: 't', LifecycleHookName: 'h', EC2InstanceId: 'i-1' };
    const { data, type } = plain(event('aws.autoscaling', 'EC2 Instance-launch Lifecycle Action', detail));
    assert.deepEqual((data as { detail: unknown }).detail, detail);
    assert.equal(type, 'tocsin.event.aws.autoscaling.ec2-instance-launch-lifecycle-action');
  });

  it("Trusted Advisor's region is the resource's, or none", () => {
    const type = 'Trusted Advisor Check Item Refresh Notification';
    const where = (detail: object) =>
      (plain(event('aws.trustedadvisor', type, detail)).data as { location: { region: unknown } }).location.region;
    const item = { 'check-item-detail': { Region: 'ap-southeast-1' } };
    assert.deepEqual(where(item), { value: 'ap-southeast-1', from: 'detail.check-item-detail.Region' });
    assert.equal(where({}), null);
  });

  it("an application's own events are told from Amazon's", () => {
    const { type, data } = plain(event('com.example.Shop', 'OrderPlaced', { order: 7 }));
    assert.equal(type, 'tocsin.event.eventbridge.com.example.shop.orderplaced');
    assert.equal((data as { location: { cloud: unknown } }).location.cloud, null);
  });

  for (const [source, severity, text, number] of [
    ['aws.guardduty', 3.9, '3.9', 9],
    ['aws.guardduty', 5, '5', 13],
    ['aws.guardduty', 8, '8', 17],
    ['aws.guardduty', 9.5, '9.5', 21],
    ['aws.guardduty', 11, '11', undefined],
    ['aws.inspector2', 'HIGH', 'HIGH', 17],
    ['com.example.shop', 'HIGH', undefined, undefined],
  ] as const)
    it(`a finding of ${source} with severity ${severity}`, () => {
      const { severitytext, severitynumber } = plain(event(source, 'Finding', { severity }));
      assert.deepEqual([severitytext, severitynumber], [text, number]);
    });

  const FINDINGS: readonly (readonly [why: string, source: string, detail: object, text?: string, number?: number])[] =
    [
      [
        'Macie writes a word beside its score',
        'aws.macie',
        { severity: { score: 3, description: 'High' } },
        'High',
        17,
      ],
      [
        'Security Hub writes a label',
        'aws.securityhub',
        { findings: [{ Severity: { Label: 'CRITICAL' } }] },
        'CRITICAL',
        21,
      ],
      [
        'of several findings none speaks for all',
        'aws.securityhub',
        { findings: [{ Severity: { Label: 'LOW' } }, {}] },
      ],
      ['a Security Hub event without findings', 'aws.securityhub', { actionName: 'close' }],
      ['DevOps Guru speaks of its insight', 'aws.devops-guru', { insightSeverity: 'medium' }, 'medium', 13],
    ];
  for (const [why, source, detail, text, number] of FINDINGS)
    it(`severity: ${why}`, () => {
      const { severitytext, severitynumber } = plain(event(source, 'Finding', detail));
      assert.deepEqual([severitytext, severitynumber], [text, number]);
    });

  it('an event of Scheduler is one, though its detail is a text', () => {
    const body = { ...event('aws.scheduler', 'Scheduled Event', {}), detail: '{}' };
    assert.ok(awsEventbridge.recognises(requestOf(body)));
    assert.equal(plain(body).type, 'tocsin.event.aws.scheduler.scheduled-event');
  });

  it('ECS names its cluster and zone', () => {
    const clusterArn = 'arn:aws:ecs:eu-west-1:111122223333:cluster/shop';
    const { data } = plain(
      event('aws.ecs', 'ECS Task State Change', { clusterArn, availabilityZone: 'eu-west-1c', lastStatus: 'STOPPED' }),
    );
    const { location } = data as { location: { cluster: unknown; zone: unknown } };
    assert.deepEqual(location.cluster, { value: 'shop', from: 'detail.clusterArn' });
    assert.deepEqual(location.zone, { value: 'eu-west-1c', from: 'detail.availabilityZone' });
  });

  it('a redelivery is the same event, another id is not', () => {
    const body = event('aws.s3', 'Object Created', {});
    assert.equal(plain(body).id, plain({ ...body, 'replay-name': 'r' }).id);
    assert.notEqual(plain(body).id, plain({ ...body, id: 'other' }).id);
  });
});

describe('aws-eventbridge', () => {
  it('events that were gathered are read one by one, each with its place', () => {
    const changed = event('aws.cloudwatch', 'CloudWatch Alarm Configuration Change', { operation: 'delete' });
    const body = [alarm({}), changed, event('aws.ec2', 'EC2 X', { 'instance-id': 'i-1' }), 7];
    assert.ok(awsEventbridge.recognises(requestOf(body)));
    const { events, rejected } = awsEventbridge.toEvents(requestOf(body));
    assert.deepEqual(
      events.map(({ type }) => type),
      ['tocsin.alert.firing', 'tocsin.event.aws.ec2.x'],
    );
    assert.equal(events[0]?.id, plain(alarm({})).id);
    assert.deepEqual(
      rejected.map(({ index, reason, place }) => [index, reason, place]),
      [[2, 'not-an-object', '/3']],
    );
  });

  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [alarm({ value: undefined }), 'missing-status /detail/state/value'],
    [alarm({ timestamp: 'now' }), 'time-not-rfc3339 /detail/state/timestamp'],
    [alarm({}, { resources: [], account: undefined }), 'missing-identity /resources'],
    [health({ eventArn: '' }), 'missing-identity /detail/eventArn'],
    [health({ startTime: 'Sat, 05 Foo 2016 15:10:09 GMT' }), 'time-not-rfc3339 /detail/startTime'],
    [event('aws.s3', 'Object Created', {}, { id: null }), 'missing-identity /id'],
    [event('aws.s3', 'Object Created', {}, { time: 7, id: 'x', source: '' }), 'missing-type /source'],
    [{}, 'missing-type /detail-type'],
    [7, 'not-eventbridge '],
  ];
  for (const [body, expected] of REJECTED)
    it(`rejects with ${expected}`, () =>
      assert.deepEqual(rejections(awsEventbridge.toEvents(requestOf(body))), [expected]));

  it('reads the recorded payloads', needsFixtures, () => {
    for (const { raw, file } of fixturesOf('aws-eventbridge')) {
      assert.ok(awsEventbridge.recognises(requestOf(raw)), file);
      onlyEvent(awsEventbridge, requestOf(raw));
    }
    const { raw } = fixture('aws-eventbridge__health-ec2-drive-degraded__aws-aws-health-tools.json');
    const alert = onlyAlert(awsEventbridge, requestOf(raw));
    assert.deepEqual([alert.status, alert.time.started], ['firing', '2016-06-05T15:10:09Z']);
  });

  it('never throws', () =>
    assertTotal(awsEventbridge, [alarm({}), health(), event('aws.ec2', 'EC2 X', { 'instance-id': 'i' })]));
});
