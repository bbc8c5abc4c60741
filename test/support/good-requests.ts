/** One small request of every kind of sender, in its documented format, each with one event in it. */
import { alertmanagerPayload } from './payloads.ts';

export interface GoodRequest {
  readonly kind: string;
  /** What tells two of one kind apart. */
  readonly variant?: string;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const AT = '2026-05-01T10:00:00Z';
const [alert] = (alertmanagerPayload('firing') as { alerts: object[] }).alerts;
const json = (kind: string, body: unknown, headers: Record<string, string> = {}): GoodRequest => ({
  kind,
  contentType: 'application/json',
  headers,
  body,
});
const cloudEvent = {
  specversion: '1.0',
  id: 'a',
  source: '/test',
  type: 'com.example.deployed',
  time: AT,
  data: { version: '7' },
};
const eventBridge = {
  version: '0',
  id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '111122223333',
  time: AT,
  region: 'eu-west-1',
  resources: ['arn:aws:ec2:eu-west-1:111122223333:instance/i-1'],
  detail: { 'instance-id': 'i-1', state: 'terminated' },
};

export const GOOD_REQUESTS: readonly GoodRequest[] = [
  json('alertmanager', alertmanagerPayload('firing')),
  json('alertmanager-api', [
    {
      ...alert,
      status: { state: 'active', silencedBy: [], inhibitedBy: [] },
      updatedAt: AT,
      receivers: [{ name: 'x' }],
    },
  ]),
  json('grafana', { version: '1', orgId: 1, state: 'alerting', status: 'firing', receiver: 'x', alerts: [alert] }),
  {
    ...json('aws-sns', {
      Type: 'Notification',
      MessageId: 'm-1',
      TopicArn: 'arn:aws:sns:eu-west-1:111122223333:alerts',
      Message: 'disk full',
      Timestamp: AT,
    }),
    contentType: 'text/plain',
  },
  json('aws-sqs', { Messages: [{ MessageId: 'm-1', Body: '{"a":1}' }] }),
  json('aws-eventbridge', eventBridge),
  json('azure-monitor', {
    schemaId: 'azureMonitorCommonAlertSchema',
    data: {
      essentials: {
        alertId: '/subscriptions/s/alerts/A',
        alertRule: 'cpu',
        severity: 'Sev1',
        signalType: 'Metric',
        monitorCondition: 'Fired',
        monitoringService: 'Platform',
        alertTargetIDs: ['/subscriptions/s/vm/web-1'],
        firedDateTime: AT,
      },
      alertContext: {},
    },
  }),
  json('datadog', {
    alert_id: '1',
    alert_cycle_key: '2',
    alert_transition: 'Triggered',
    alert_priority: 'P2',
    alert_title: 'CPU',
    date: '1777629600123',
    id: '77',
  }),
  json('gcp', {
    version: '1.2',
    incident: {
      incident_id: 'i-1',
      state: 'open',
      started_at: 1_777_629_600,
      ended_at: null,
      policy_name: 'cpu',
      resource: { type: 'vm', labels: { zone: 'eu-b' } },
    },
  }),
  json(
    'github',
    {
      action: 'created',
      alert: { number: 4, state: 'open', secret_type: 'key', created_at: AT },
      repository: { full_name: 'o/r' },
      sender: { login: 'x' },
    },
    { 'x-github-event': 'secret_scanning_alert', 'x-github-delivery': 'd-1' },
  ),
  json('kubernetes', {
    kind: 'Event',
    apiVersion: 'v1',
    metadata: { name: 'w.1', namespace: 's', uid: 'e-1' },
    involvedObject: { kind: 'Pod', namespace: 's', name: 'w' },
    reason: 'BackOff',
    message: 'x',
    lastTimestamp: AT,
    count: 3,
    type: 'Warning',
  }),
  json('newrelic', {
    id: 'i-1',
    issueUrl: 'https://x.example/i',
    title: 'CPU',
    priority: 'CRITICAL',
    state: 'ACTIVATED',
    trigger: 'STATE_CHANGE',
    impactedEntities: ['w'],
    createdAt: 1_777_629_600_228,
    updatedAt: 1_777_629_600_228,
  }),
  json('opsgenie', {
    action: 'Create',
    alert: { alertId: 'a-1', alias: 'disk', message: 'full', priority: 'P2', createdAt: 1_777_629_600_104 },
    source: { type: 'API' },
    integrationName: 'x',
  }),
  json('pagerduty', {
    event: {
      id: 'E1',
      event_type: 'incident.triggered',
      resource_type: 'incident',
      occurred_at: AT,
      data: { id: 'P1', type: 'incident', status: 'triggered', title: 'disk' },
    },
  }),
  {
    ...json('pagerduty', {
      event_action: 'trigger',
      dedup_key: 'k',
      payload: { summary: 'disk', source: 'db', severity: 'critical', timestamp: AT },
    }),
    variant: 'events',
  },
  json('pingdom', {
    check_id: 7,
    check_name: 'Shop',
    check_type: 'HTTP',
    current_state: 'DOWN',
    previous_state: 'UP',
    state_changed_timestamp: 1_777_629_600,
  }),
  json(
    'sentry',
    {
      action: 'critical',
      data: {
        metric_alert: { id: '7', alert_rule: { name: 'errors' }, date_started: AT },
        web_url: 'https://x.example',
      },
      installation: { uuid: 'i' },
      actor: { type: 'application' },
    },
    { 'sentry-hook-resource': 'metric_alert' },
  ),
  json('uptime-kuma', {
    heartbeat: { monitorID: 2, status: 0, time: '2026-05-01 10:00:00.000', msg: 'closed' },
    monitor: { id: 2, name: 'Shop' },
    msg: '[Shop] [Down]',
  }),
  json('uptimerobot', {
    monitorID: '77',
    monitorFriendlyName: 'Shop',
    alertType: '1',
    alertTypeFriendlyName: 'Down',
    alertDateTime: '1777629600',
  }),
  json('healthchecks', {
    sender: 'healthchecks',
    code: '5d1c464a-812a-4dd1-8bbf-ba8c05265200',
    name: 'Backup',
    status: 'down',
    now: AT,
  }),
  json('zabbix', {
    sender: 'zabbix',
    event_id: '10528',
    trigger_id: '14032',
    value: '1',
    name: 'Disk is full',
    severity: 'Disaster',
    host: 'w',
    event_timestamp: '1777629600',
  }),
  json('falco', {
    output: 'shell',
    priority: 'Warning',
    rule: 'Terminal shell',
    time: '2026-05-01T10:00:00.123456789Z',
    source: 'syscall',
    hostname: 'n',
    output_fields: { 'container.id': 'abc' },
  }),
  { ...json('cloudevents', cloudEvent), contentType: 'application/cloudevents+json', variant: 'structured' },
  { ...json('cloudevents', [cloudEvent]), contentType: 'application/cloudevents-batch+json', variant: 'batch' },
  {
    ...json(
      'cloudevents',
      { version: '7' },
      { 'ce-specversion': '1.0', 'ce-id': 'b', 'ce-source': '/test', 'ce-type': 'com.example.deployed' },
    ),
    variant: 'binary',
  },
  json('generic', { id: 'a', state: 'firing', at: AT }),
];

export const nameOfRequest = ({ kind, variant }: GoodRequest): string =>
  variant === undefined ? kind : `${kind} ${variant}`;
