/** The kinds of senders whose payloads stand by themselves; what only carries the payload of another (a queue, a topic) is not among them. */
import { alertmanagerApi } from './alertmanager-api.ts';
import { alertmanager } from './alertmanager.ts';
import { awsEventbridge } from './aws-eventbridge.ts';
import { awsSns } from './aws-sns.ts';
import { azureMonitor } from './azure-monitor.ts';
import { cloudevents } from './cloudevents.ts';
import { datadog } from './datadog.ts';
import { falco } from './falco.ts';
import { github } from './github.ts';
import { grafana } from './grafana.ts';
import { healthchecks } from './healthchecks.ts';
import { kubernetes } from './kubernetes.ts';
import { newrelic } from './newrelic.ts';
import { opsgenie } from './opsgenie.ts';
import { pagerduty } from './pagerduty.ts';
import { pingdom } from './pingdom.ts';
import { sentry } from './sentry.ts';
import type { Source } from './source.ts';
import { uptimeKuma } from './uptime-kuma.ts';
import { uptimerobot } from './uptimerobot.ts';
import { zabbix } from './zabbix.ts';

export const directSources: readonly Source[] = [
  // First: in binary mode the body is whatever somebody else has written, and the headers say that it is an event.
  cloudevents,
  alertmanager,
  alertmanagerApi,
  grafana,
  awsSns,
  awsEventbridge,
  datadog,
  pagerduty,
  kubernetes,
  github,
  azureMonitor,
  sentry,
  zabbix,
  opsgenie,
  newrelic,
  pingdom,
  uptimerobot,
  uptimeKuma,
  healthchecks,
  falco,
];
