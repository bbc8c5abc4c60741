/** The kinds of senders Tocsin understands. A new one is one file and one line here. */
import { alertmanagerApi } from './alertmanager-api.ts';
import { alertmanager } from './alertmanager.ts';
import { awsEventbridge } from './aws-eventbridge.ts';
import { awsSns } from './aws-sns.ts';
import { awsSqs } from './aws-sqs.ts';
import { cloudevents } from './cloudevents.ts';
import { azureMonitor } from './azure-monitor.ts';
import { datadog } from './datadog.ts';
import { gcp } from './gcp.ts';
import { github } from './github.ts';
import { grafana } from './grafana.ts';
import { kubernetes } from './kubernetes.ts';
import { pagerduty } from './pagerduty.ts';
import { sentry } from './sentry.ts';
import { zabbix } from './zabbix.ts';
import { falco } from './falco.ts';
import { healthchecks } from './healthchecks.ts';
import { newrelic } from './newrelic.ts';
import { opsgenie } from './opsgenie.ts';
import { pingdom } from './pingdom.ts';
import { uptimeKuma } from './uptime-kuma.ts';
import { uptimerobot } from './uptimerobot.ts';
import type { Source } from './source.ts';

export const sources: ReadonlyMap<string, Source> = new Map(
  [
    alertmanager,
    alertmanagerApi,
    grafana,
    awsSns,
    awsEventbridge,
    awsSqs,
    datadog,
    pagerduty,
    kubernetes,
    github,
    azureMonitor,
    sentry,
    gcp,
    zabbix,
    opsgenie,
    newrelic,
    pingdom,
    uptimerobot,
    uptimeKuma,
    healthchecks,
    falco,
    cloudevents,
  ].map((source) => [source.kind, source]),
);
