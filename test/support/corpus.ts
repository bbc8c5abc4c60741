/** One payload of each kind and form, small and made up: what the fuzz test starts from. A payload that once broke something stays here. */

export interface Sample {
  readonly kind: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body: unknown;
}

const AT = '2026-05-01T10:00:00Z';
const alert = {
  status: 'firing',
  labels: { alertname: 'A', severity: 'critical' },
  annotations: { summary: 's' },
  startsAt: AT,
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint: '0011223344556677',
};
const apiAlert = { ...alert, status: { state: 'active' } };
const alarm = { AlarmName: 'a', AWSAccountId: '1', NewStateValue: 'ALARM', StateChangeTime: AT, Trigger: {} };
const sns = { Type: 'Notification', MessageId: '1', TopicArn: 'arn:aws:sns:eu-west-1:1:t', Timestamp: AT };
const bridge = { id: '1', 'detail-type': 'X', source: 'aws.ec2', account: '1', time: AT, region: 'eu-west-1' };
const kubernetes = {
  kind: 'Event',
  apiVersion: 'v1',
  metadata: { uid: 'u' },
  involvedObject: { kind: 'Pod' },
  count: 2,
};
const essentials = { alertId: '/subscriptions/s/a', alertRule: 'r', severity: 'Sev1', monitorCondition: 'Fired' };
const incident = { incident_id: '1', state: 'open', started_at: 1777629600, policy_name: 'p', condition_name: 'c' };
const monitor = {
  alert_id: '1',
  alert_transition: 'Triggered',
  alert_scope: 'a:b',
  tags: 'c:d',
  date: '1777629600000',
};
const event = { specversion: '1.0', id: '1', source: '/a', type: 'com.example.a', time: AT, data: { a: [1] } };
const installation = { installation: { uuid: 'u' } };
const detection = { rule: 'r', priority: 'Error', output: 'o', time: AT, output_fields: { 'evt.time': 1 } };
const lines = (...items: readonly unknown[]): string => items.map((item) => JSON.stringify(item)).join('\n');
const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

export const corpus: readonly Sample[] = [
  { kind: 'alertmanager', body: { version: '4', groupKey: 'g', receiver: 'r', alerts: [alert, null] } },
  { kind: 'alertmanager', body: '{"version":"3","groupKey":12345678901234567890,"receiver":"r","alerts":[]}' },
  { kind: 'alertmanager-api', body: [null, apiAlert, { alerts: [apiAlert, 1] }] },
  { kind: 'alertmanager-api', body: [{ labels: alert.labels, startsAt: AT, endsAt: AT, generatorURL: 'http://p' }] },
  { kind: 'grafana', body: { version: '1', orgId: 1, state: 'alerting', groupKey: 'g', alerts: [alert] } },
  { kind: 'grafana', body: { ruleId: 1, ruleName: 'r', state: 'ok', evalMatches: [{ metric: 'm', value: 1 }] } },
  { kind: 'aws-sns', body: { ...sns, Message: JSON.stringify(alarm) } },
  { kind: 'aws-sns', body: { Records: [{ EventSource: 'aws:sns', Sns: { ...sns, Message: '[text' } }, null] } },
  { kind: 'aws-sns', body: { ...sns, Type: 'SubscriptionConfirmation', Message: 'm', SubscribeURL: 'https://x' } },
  {
    kind: 'aws-sns',
    headers: { 'x-amz-sns-message-type': 'Notification', 'x-amz-sns-rawdelivery': 'true' },
    body: 'x',
  },
  { kind: 'aws-eventbridge', body: { ...bridge, detail: { 'instance-id': ' i-1', state: 'stopped' } } },
  {
    kind: 'aws-eventbridge',
    body: {
      ...bridge,
      source: 'aws.health',
      'detail-type': 'AWS Health Event',
      detail: {
        eventTypeCategory: 'issue',
        eventArn: 'arn:aws:health:eu-west-1::event/1',
        startTime: 'Fri, 01 May 2026 10:00:00 GMT',
      },
    },
  },
  {
    kind: 'aws-eventbridge',
    body: {
      source: 'aws.cloudwatch',
      alarmArn: 'arn:aws:cloudwatch:eu-west-1:1:alarm:a',
      alarmData: { state: { value: 'OK' } },
    },
  },
  {
    kind: 'aws-sqs',
    body: { Records: [{ eventSource: 'aws:sqs', messageId: '1', body: JSON.stringify(event) }, null] },
  },
  { kind: 'datadog', body: monitor },
  { kind: 'datadog', body: form(monitor) },
  {
    kind: 'pagerduty',
    body: {
      event: {
        id: '1',
        event_type: 'incident.triggered',
        resource_type: 'incident',
        occurred_at: AT,
        data: { id: 'P', status: 'triggered' },
      },
    },
  },
  {
    kind: 'pagerduty',
    body: { routing_key: 'k', event_action: 'trigger', dedup_key: 'd', payload: { summary: 's', severity: 'error' } },
  },
  { kind: 'pagerduty', body: { messages: [{ event: 'incident.trigger', incident: { id: 'P' } }, null] } },
  { kind: 'kubernetes', body: { type: 'MODIFIED', object: kubernetes } },
  { kind: 'kubernetes', body: { kind: 'EventList', apiVersion: 'v1', items: [null, kubernetes] } },
  { kind: 'kubernetes', body: `{"a"\n${lines(kubernetes, null)}` },
  { kind: 'github', headers: { 'x-github-event': 'push' }, body: { ref: 'r', repository: { pushed_at: 1777629600 } } },
  {
    kind: 'github',
    headers: { 'x-github-event': 'dependabot_alert' },
    body: { action: 'created', alert: { number: 1, state: 'open' }, repository: { full_name: 'a/b' } },
  },
  {
    kind: 'azure-monitor',
    body: {
      schemaId: 'azureMonitorCommonAlertSchema',
      data: { essentials, alertContext: { properties: { stage: 'Active' } } },
    },
  },
  {
    kind: 'azure-monitor',
    body: {
      schemaId: 'Microsoft.Insights/LogAlert',
      data: { AlertRuleName: 'r', SearchIntervalEndtimeUtc: '5/1/2026 10:00:00 AM' },
    },
  },
  {
    kind: 'azure-monitor',
    body: { status: 'Activated', context: { id: '/s', conditionType: 'Metric', resourceId: '/s', timestamp: AT } },
  },
  { kind: 'sentry', body: { action: 'resolved', data: { issue: { id: 1, lastSeen: AT } }, ...installation } },
  {
    kind: 'sentry',
    headers: { 'sentry-hook-timestamp': '1777629600' },
    body: { action: 'critical', data: { metric_alert: { id: '1' } }, ...installation },
  },
  { kind: 'gcp', body: { version: '1.2', incident } },
  { kind: 'gcp', body: { message: { data: Buffer.from(JSON.stringify(monitor)).toString('base64'), messageId: '1' } } },
  {
    kind: 'zabbix',
    body: {
      sender: 'zabbix',
      event_id: '1',
      trigger_id: '2',
      value: '1',
      event_timestamp: '1777629600',
      tags: '[{"tag":"a","value":"b"}]',
    },
  },
  {
    kind: 'zabbix',
    body: {
      event_id: 1,
      trigger_id: 2,
      event_value: 1,
      event_tags: { a: ['b'] },
      event_update_status: '1',
      event_update_action: 'acknowledged and commented',
      host_groups: ['g'],
      message: 'Problem started at 10:00:00 on 2026.05.01\nOriginal problem ID: 1',
      event_datetime_timestamp: 1777629600,
    },
  },
  {
    kind: 'zabbix',
    body: lines(
      { clock: 1777629600, ns: 1, value: 1, eventid: 1, hosts: [{ host: 'h' }], groups: ['g'], tags: [{ tag: 'a' }] },
      1,
      { clock: 1777629600, ns: 1, value: 0, eventid: 2, p_eventid: 1 },
    ),
  },
  {
    kind: 'opsgenie',
    body: { action: 'Create', alert: { alertId: '1', updatedAt: 1777629600000, tags: ['a'] }, integrationName: 'i' },
  },
  {
    kind: 'newrelic',
    body: {
      id: '1',
      issueUrl: 'https://x/accounts/1/',
      state: 'ACTIVATED',
      workflowName: 'w',
      createdAt: 1777629600000,
    },
  },
  {
    kind: 'newrelic',
    body: { incident_id: 0, account_id: 1, condition_name: 'c', current_state: 'open', timestamp: 1777629600000 },
  },
  {
    kind: 'pingdom',
    body: { check_id: 1, check_type: 'HTTP', current_state: 'DOWN', state_changed_timestamp: 1777629600 },
  },
  {
    kind: 'uptimerobot',
    body: form({ monitorID: '1', monitorURL: 'http://x', alertType: '1', alertDateTime: '1777629600' }),
  },
  {
    kind: 'uptime-kuma',
    body: { heartbeat: { status: 0, time: '2026-05-01 10:00:00' }, monitor: { id: 1 }, msg: 'm' },
  },
  {
    kind: 'healthchecks',
    body: { sender: 'healthchecks', code: '00000000-0000-4000-8000-000000000000', status: 'down', name: 'n' },
  },
  { kind: 'falco', body: lines(detection, 1, detection) },
  { kind: 'cloudevents', body: [event, null, { ...event, data: undefined, data_base64: 'AAEC' }] },
  {
    kind: 'cloudevents',
    headers: { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/a', 'ce-type': 'com.example.a' },
    body: 'null',
  },
  // What has no text: `String` throws at it.
  { kind: 'newrelic', body: { id: '1', issueUrl: { toString: null }, state: 'CLOSED', workflowName: 'w' } },
  {
    kind: 'opsgenie',
    body: {
      action: 'Create',
      alert: { alertId: '1', updatedAt: { toString: null }, priority: { toString: null } },
      integrationName: 'i',
    },
  },
  {
    kind: 'healthchecks',
    body: { sender: 'healthchecks', code: { toString: null }, status: 'up', name: 'n', now: 'n' },
  },
];

export const bytesOf = ({ body }: Sample): Buffer =>
  Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
