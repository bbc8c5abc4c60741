import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { azureMonitor } from '../../../triggers/sources/azure-monitor.ts';
import { fixturesOf, needsFixtures } from '../../support/fixtures.ts';
import { assertTotal, onlyAlert, onlyEvent, rejections, requestOf } from '../../support/source-request.ts';

const VM = '/subscriptions/sub-1/resourcegroups/shop/providers/microsoft.compute/virtualmachines/web-1';
const ESSENTIALS = {
  alertId: '/subscriptions/sub-1/providers/Microsoft.AlertsManagement/alerts/A-1',
  alertRule: 'High CPU',
  severity: 'Sev1',
  signalType: 'Metric',
  monitorCondition: 'Fired',
  monitoringService: 'Platform',
  alertTargetIDs: [VM],
  configurationItems: ['web-1'],
  originAlertId: 'origin-1',
  firedDateTime: '2026-05-01T10:00:00.1234567Z',
  description: 'CPU over 90 %',
};
const common = (essentials: object = {}, alertContext: object = {}) => ({
  schemaId: 'azureMonitorCommonAlertSchema',
  data: { essentials: { ...ESSENTIALS, ...essentials }, alertContext, customProperties: { team: 'shop' } },
});
const RESOLVED = common({ monitorCondition: 'Resolved', resolvedDateTime: '2026-05-01T10:30:00.5Z' });
const CONTEXT = {
  id: '/subscriptions/sub-1/resourceGroups/shop/providers/microsoft.insights/alertrules/cpu',
  name: 'cpu',
  conditionType: 'Metric',
  condition: {},
  subscriptionId: 'sub-1',
  timestamp: '2026-05-01T10:00:00.1234567Z',
  resourceName: 'web-1',
  resourceType: 'microsoft.compute/virtualmachines',
  resourceId: VM,
  resourceRegion: 'centralus',
  portalLink: 'https://portal.azure.com/x',
};
const classic = (status: unknown, context: object = {}) => ({
  status,
  context: { ...CONTEXT, ...context },
  properties: { team: 'shop', nested: { a: 1 } },
});
const metric = (status: unknown, context: object = {}) => ({
  schemaId: 'AzureMonitorMetricAlert',
  data: { version: '2.0', status, context: { ...CONTEXT, severity: '3', resourceRegion: undefined, ...context } },
});
const activity = (status: string) => ({
  schemaId: 'Microsoft.Insights/activityLogs',
  data: {
    status,
    context: {
      activityLog: {
        eventDataId: 'entry-1',
        eventTimestamp: '2026-05-01T10:00:00.5Z',
        level: 'Error',
        operationName: 'Microsoft.Compute/virtualMachines/delete/action',
        resourceId: VM,
        subscriptionId: 'sub-1',
      },
    },
  },
});
const serviceHealth = (stage: string, alertId: string) =>
  common(
    { monitoringService: 'ServiceHealth', alertId },
    {
      eventTimestamp: '2026-05-01T11:00:00Z',
      properties: { stage, trackingId: 'T-1', region: 'West Europe', title: 'VMs fail' },
    },
  );
const resourceHealth = (currentHealthStatus: string) =>
  common({ monitoringService: 'Resource Health' }, { properties: { currentHealthStatus } });
const read = (body: unknown) => onlyAlert(azureMonitor, requestOf(body));

describe('azure-monitor, common schema', () => {
  it('reads what the alert says', () => {
    const alert = read(common());
    assert.equal(alert.status, 'firing');
    assert.equal(alert.name, 'High CPU');
    assert.deepEqual(alert.severity, { number: 17, text: 'Sev1' });
    assert.equal(alert.time.started, '2026-05-01T10:00:00.1234567Z');
    assert.equal(alert.time.ended, null);
    assert.deepEqual(alert.labels, { team: 'shop', signalType: 'Metric', monitoringService: 'Platform' });
    assert.deepEqual(alert.resource, { kind: 'microsoft.compute/virtualmachines', id: VM, name: 'web-1' });
    const from = 'data.essentials.alertTargetIDs.0';
    assert.deepEqual(alert.location, {
      cloud: { value: 'azure', from },
      account: { value: 'sub-1', from },
      region: null,
      zone: null,
      cluster: null,
    });
  });

  it('the resolve has the same key, its own id and its end', () => {
    const resolved = read(RESOLVED);
    assert.equal(resolved.status, 'resolved');
    assert.equal(resolved.alertKey, read(common()).alertKey);
    assert.equal(resolved.time.ended, '2026-05-01T10:30:00.5Z');
    const lower = common({ alertId: ESSENTIALS.alertId.toLowerCase() });
    assert.equal(read(lower).alertKey, resolved.alertKey);
    assert.equal(onlyEvent(azureMonitor, requestOf(common())).id, onlyEvent(azureMonitor, requestOf(common())).id);
  });

  it('a budget alert has many nulls and still says what it is', () => {
    const nulls = { severity: null, alertRule: null, originAlertId: null, alertTargetIDs: null, signalType: null };
    const alert = read(common(nulls, { AlertData: { BudgetName: 'monthly' } }));
    assert.equal(alert.name, 'monthly');
    assert.deepEqual([alert.severity.text, alert.resource], [null, null]);
    assert.equal(alert.location.account?.from, 'data.essentials.alertId');
  });

  it('labels of a Prometheus rule say where, and its annotations what', () => {
    const labels = { cluster: 'aks-1', region: 'westeurope', pod: 'web-0' };
    const annotations = { summary: 'web crashes', description: 'five times in ten minutes' };
    const alert = read(common({ monitoringService: 'Prometheus', description: '' }, { labels, annotations }));
    assert.deepEqual(alert.location.cluster, { value: 'aks-1', from: 'data.alertContext.labels.cluster' });
    assert.deepEqual(alert.location.region, { value: 'westeurope', from: 'data.alertContext.labels.region' });
    assert.deepEqual([alert.title, alert.description], ['web crashes', 'five times in ten minutes']);
    assert.deepEqual([alert.labels['pod'], alert.annotations], ['web-0', annotations]);
    assert.equal(alert.alertKey, read(common()).alertKey);
  });

  it('custom properties are labels in their older place too, but no details of the activity log', () => {
    const properties = { team: 'other', tier: 'gold' };
    const { labels } = read(common({}, { conditionType: 'LogQueryCriteria', properties }));
    assert.deepEqual([labels['tier'], labels['team']], ['gold', 'shop']);
    assert.equal(read(common({}, { properties })).labels['tier'], undefined);
  });

  it('dimensions are labels, in whichever list they stand', () => {
    const dimensions = [{ name: 'disk', value: 'sda' }];
    const [criteria, search] = [{ condition: { allOf: [{ dimensions }, { dimensions }] } }, { Dimensions: dimensions }];
    for (const context of [criteria, search]) assert.equal(read(common({}, context)).labels['disk'], 'sda');
  });

  it('a log alert links to what its query has found, each in its words', () => {
    const investigationLink = 'https://portal.azure.com/alert';
    const all = { linkToSearchResultsUI: 'https://p/all', linkToSearchResultsAPI: 'https://api/all' };
    const [plain, filtered] = [all, { ...all, linkToFilteredSearchResultsUI: 'https://p/only' }];
    for (const [essentials, context, link, why] of [
      [{}, { condition: { allOf: [filtered] } }, 'https://p/only', 'what this alert alone is about'],
      [{}, { condition: { allOf: [null, {}, plain] } }, 'https://p/all', 'without dimensions'],
      [
        {},
        { LinkToSearchResults: 'https://p/old', LinkToSearchResultsAPI: 'https://api/old' },
        'https://p/old',
        'older',
      ],
      [
        {},
        { LinkToSearchResults: 'https://p/old', LinkToFilteredSearchResultsUI: 'https://p/o' },
        'https://p/o',
        'newer',
      ],
      [{}, { LinkToSearchResultsAPI: 'https://api/old' }, null, 'only for programs'],
      [{ investigationLink }, { condition: { allOf: [filtered] } }, investigationLink, 'the alert itself'],
    ] as const)
      assert.equal(read(common(essentials, context)).links.source, link, why);
  });

  it('without an alert id, origin and rule together are the key', () => {
    assert.equal(read(common({ alertId: null })).alertKey, 'test:High CPU:origin-1');
  });

  it('an unknown condition is unknown', () => {
    assert.equal(read(common({ monitorCondition: 'Muted' })).status, 'unknown');
  });
});

describe('azure-monitor, health', () => {
  const STAGES = [
    ['Active', 'firing'],
    ['InProgress', 'firing'],
    ['Resolved', 'resolved'],
    ['RCA', 'resolved'],
    ['Dreaming', 'unknown'],
  ] as const;
  for (const [stage, status] of STAGES)
    it(`service health, stage ${stage}: ${status} although monitorCondition is Fired`, () => {
      const alert = read(serviceHealth(stage, `/subscriptions/sub-1/alerts/${stage}`));
      assert.deepEqual([alert.status, alert.statusText], [status, stage]);
      assert.equal(alert.alertKey, 'test:service-health:T-1:sub-1');
      assert.equal(alert.location.region?.value, 'West Europe');
      assert.equal(alert.time.ended, status === 'resolved' ? '2026-05-01T11:00:00Z' : null);
    });

  for (const [why, properties, type] of [
    ['maintenance', { incidentType: 'Maintenance', stage: 'Planned' }, 'maintenance'],
    ['maintenance in progress', { incidentType: 'Maintenance', stage: 'InProgress' }, 'maintenance'],
    ['maintenance that does not say so', { stage: 'Planned' }, 'maintenance'],
    ['advice', { incidentType: 'ActionRequired', stage: 'Active' }, 'actionrequired'],
    ['advice', { incidentType: 'Informational', stage: 'Active' }, 'informational'],
  ] as const)
    it(`service health announces ${why} (${type}): a plain event`, () => {
      const context = { eventTimestamp: '2026-05-01T11:00:00Z', properties: { ...properties, trackingId: 'T-2' } };
      const body = common({ monitoringService: 'ServiceHealth' }, context);
      const event = onlyEvent(azureMonitor, requestOf(body));
      assert.deepEqual([event.type, event.subject], [`tocsin.event.azure.service-health.${type}`, 'T-2']);
      assert.equal(event.time, '2026-05-01T11:00:00Z');
      assert.equal(onlyEvent(azureMonitor, requestOf(body, { receivedAt: '2026-06-02T00:00:00Z' })).id, event.id);
    });

  const HEALTH = [
    ['Unavailable', 'firing'],
    ['Degraded', 'firing'],
    ['Available', 'resolved'],
    ['Unknown', 'unknown'],
  ] as const;
  for (const [health, status] of HEALTH)
    it(`resource health ${health}: ${status}`, () => {
      const alert = read(resourceHealth(health));
      assert.equal(alert.status, status);
      assert.equal(alert.alertKey, `test:resource-health:${VM}`);
    });
});

describe('azure-monitor, older shapes', () => {
  const OLDER: readonly (readonly [why: string, make: (status: string) => unknown, end: string])[] = [
    ['classic', classic, 'Resolved'],
    ['metric alert', metric, 'Deactivated'],
  ];
  for (const [why, make, end] of OLDER)
    it(`${why}: activated and ${end.toLowerCase()} share a key`, () => {
      const [firing, resolved] = [read(make('Activated')), read(make(end))];
      assert.deepEqual([firing.status, resolved.status], ['firing', 'resolved']);
      assert.equal(firing.alertKey, resolved.alertKey);
      assert.equal(firing.time.started, '2026-05-01T10:00:00.1234567Z');
      assert.equal(resolved.time.ended, '2026-05-01T10:00:00.1234567Z');
      assert.equal(firing.location.account?.value, 'sub-1');
      assert.equal(read(make('Sleeping')).status, 'unknown');
    });

  it('the region of a classic alert is where it says', () => {
    assert.deepEqual(read(classic('Activated')).location.region, {
      value: 'centralus',
      from: 'context.resourceRegion',
    });
    assert.deepEqual(read(classic('Activated')).labels, { team: 'shop' });
    assert.equal(read(metric('Activated')).location.region, null);
  });

  it('the bare digit of a metric alert is its Sev', () => {
    assert.deepEqual(read(metric('Activated')).severity, { number: 9, text: '3' });
  });

  it('dimensions tell the alerts of one rule apart', () => {
    const dimension = (value: string) => ({ condition: { allOf: [{ dimensions: [{ name: 'disk', value }] }] } });
    const keys = ['sda', 'sdb'].map((disk) => read(metric('Activated', dimension(disk))).alertKey);
    assert.equal(new Set(keys).size, 2);
  });

  it('an entry of the activity log in the classic shape is one alert', () => {
    const entry = (eventDataId: string) => classic('Activated', { conditionType: 'Event', event: { eventDataId } });
    const keys = ['a', 'a', 'b'].map((id) => read(entry(id)).alertKey);
    assert.deepEqual([keys[0] === keys[1], keys[0] === keys[2]], [true, false]);
  });

  it('an entry of the activity log is one alert', () => {
    const alert = read(activity('Activated'));
    assert.equal(alert.alertKey, 'test:activity-log:entry-1');
    assert.deepEqual(alert.severity, { number: 17, text: 'Error' });
  });
});

describe('azure-monitor, health without the common schema', () => {
  const health = (eventSource: string, properties: object) => {
    const { data } = activity('Activated');
    const activityLog = { ...data.context.activityLog, eventSource, properties };
    return { schemaId: 'Microsoft.Insights/activityLogs', data: { ...data, context: { activityLog } } };
  };

  it('the stage counts, not the status of the message', () => {
    const alert = read(
      health('ServiceHealth', { stage: 'Resolved', trackingId: 'T-1', region: 'East US', title: 'VMs' }),
    );
    assert.deepEqual([alert.status, alert.statusText, alert.title], ['resolved', 'Resolved', 'VMs']);
    assert.equal(alert.alertKey, read(serviceHealth('Active', 'x')).alertKey);
    assert.deepEqual(alert.location.region, {
      value: 'East US',
      from: 'data.context.activityLog.properties.region',
    });
  });

  it('a resource is sick until it is available', () => {
    const alert = read(health('ResourceHealth', { currentHealthStatus: 'Unavailable' }));
    assert.deepEqual([alert.status, alert.alertKey], ['firing', `test:resource-health:${VM}`]);
  });
});

describe('azure-monitor rejections', () => {
  const REJECTED: readonly (readonly [body: unknown, expected: string])[] = [
    [common({ monitorCondition: undefined }), 'missing-status /data/essentials/monitorCondition'],
    [common({ alertId: null, originAlertId: null }), 'missing-identity /data/essentials/alertId'],
    [common({ firedDateTime: '1st of May' }), 'time-not-rfc3339 /data/essentials/firedDateTime'],
    [{ schemaId: 'azureMonitorCommonAlertSchema' }, 'missing-essentials /data/essentials'],
    [classic(undefined), 'missing-status /status'],
    [metric('Activated', { id: undefined }), 'missing-identity /data/context/id'],
    [{ schemaId: 'Microsoft.Insights/LogAlert', data: {} }, 'missing-identity /data/AlertRuleName'],
    [{ schemaId: 'Other' }, 'unknown-schema /schemaId'],
    [[], 'not-azure-monitor '],
  ];
  for (const [body, expected] of REJECTED)
    it(`says ${expected}`, () => assert.deepEqual(rejections(azureMonitor.toEvents(requestOf(body))), [expected]));

  it('reads the recorded payloads', needsFixtures, () => {
    for (const { file, raw } of fixturesOf('azure-monitor')) {
      const request = requestOf(raw);
      assert.ok(azureMonitor.recognises(request), file);
      const alert = read(raw);
      assert.equal(alert.status, file.includes('resolved') ? 'resolved' : 'firing', file);
      assert.ok(alert.time.occurred !== null, file);
    }
  });

  it('never throws', () =>
    assertTotal(azureMonitor, [
      common(),
      RESOLVED,
      classic('Activated'),
      metric('Activated'),
      serviceHealth('RCA', 'x'),
    ]));
});

describe('azure-monitor, log search alerts without the common schema', () => {
  const DATA = {
    SubscriptionId: 'sub-1',
    AlertRuleName: 'errors',
    SearchQuery: 'AppExceptions',
    SearchIntervalStartTimeUtc: '2026-05-01T09:55:00Z',
    SearchIntervalEndtimeUtc: '2026-05-01T10:00:00Z',
    ResultCount: 3,
    LinkToSearchResults: 'https://portal.azure.com/x',
    Severity: 'Warning',
    WorkspaceId: 'w-1',
    Dimensions: [{ name: 'Computer', value: 'web-1' }],
  };
  const log = (data: object = {}) => ({ schemaId: 'Microsoft.Insights/LogAlert', data: { ...DATA, ...data } });

  it('each is a firing of its own: such rules have no state', () => {
    const alert = read(log());
    assert.deepEqual([alert.status, alert.name, alert.severity.number], ['firing', 'errors', 13]);
    assert.deepEqual([alert.time.started, alert.labels], ['2026-05-01T10:00:00Z', { Computer: 'web-1' }]);
    assert.deepEqual(alert.location.account, { value: 'sub-1', from: 'data.SubscriptionId' });
    assert.notEqual(read(log({ SearchIntervalEndtimeUtc: '2026-05-01T10:05:00Z' })).alertKey, alert.alertKey);
    const again = requestOf(log(), { receivedAt: '2026-06-02T00:00:00Z' });
    assert.equal(onlyEvent(azureMonitor, again).id, onlyEvent(azureMonitor, requestOf(log())).id);
  });

  for (const [written, utc] of [
    ['3/26/2026 9:10:40 PM', '2026-03-26T21:10:40Z'],
    ['12/1/2025 12:00:00 AM', '2025-12-01T00:00:00Z'],
  ] as const)
    it(`${written} is ${utc}`, () => assert.equal(read(log({ SearchIntervalEndtimeUtc: written })).time.started, utc));

  it('is read without a schema around it, too', () => {
    assert.ok(azureMonitor.recognises(requestOf(DATA)));
    const id = '/subscriptions/sub-1/resourceGroups/shop';
    const { status, location } = read({ ...DATA, ResourceId: id, SubscriptionId: undefined });
    assert.deepEqual([status, location.account], ['firing', { value: 'sub-1', from: 'ResourceId' }]);
  });

  it('a digit counts as Azure counts', () => assert.equal(read(log({ Severity: '0' })).severity.number, 21));
});

describe('azure-monitor, budgets and autoscale', () => {
  it('the common schema without any id goes by the budget', () => {
    const nothing = { alertId: null, alertRule: null, originAlertId: null, alertTargetIDs: null, severity: null };
    assert.equal(read(common(nothing, { AlertData: { BudgetName: 'Monthly' } })).alertKey, 'test:budget:monthly');
  });

  it('the older notice is a plain event', () => {
    const body = { schemaId: 'AIP Budget Notification', data: { BudgetName: 'monthly' } };
    const event = onlyEvent(azureMonitor, requestOf(body));
    assert.deepEqual([event.type, event.subject], ['tocsin.event.azure.budget', 'monthly']);
  });

  it('what autoscale has done is a plain event', () => {
    const context = { ...CONTEXT, conditionType: undefined, oldCapacity: '3', newCapacity: '4' };
    const body = { version: '1.0', status: 'Activated', operation: 'Scale Out', context };
    assert.ok(azureMonitor.recognises(requestOf(body)));
    const event = onlyEvent(azureMonitor, requestOf(body));
    assert.deepEqual([event.type, event.subject, event.time], ['tocsin.event.azure.autoscale', VM, CONTEXT.timestamp]);
    assert.equal(onlyEvent(azureMonitor, requestOf({ ...body, properties: {} })).id, event.id);
  });

  it('essentials alone are enough', () => {
    const body = { schemaId: 'azureMonitorCommonAlertSchema', data: { essentials: ESSENTIALS } };
    assert.equal(read(body).alertKey, read(common()).alertKey);
  });
});
