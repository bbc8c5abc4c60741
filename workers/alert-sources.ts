/**
 * Asks the Alertmanager of a region whether an alert of its own still fires. Only senders that the configuration names under `answersFor`:
 * another Alertmanager's silence about an alert says nothing.
 */
import { type LabelSet, type MonitoringServer, ask, matchersOf } from '../activities/monitoring/server.ts';
import type { AlertSources } from '../triggers/path/stale-check.ts';
import type { Config } from './config.ts';
import { monitoringServers } from './monitoring-servers.ts';

/** Alertmanager keeps no alerts over a restart, and Prometheus tells it again within a minute or so. */
const COMPLETE_AFTER_MS = 300_000;
/** As the intake names a sender in what it stores. */
const SOURCE = 'tocsin:/in/';
const NAME = 'Alertmanager';

export function alertSources(config: Config, region: string, now: () => number = Date.now): AlertSources {
  const { alertmanager } = monitoringServers(config, region);
  const answersFor = config.monitoring.find((each) => each.region === region)?.answersFor ?? [];
  return {
    ask: async (source, { labels }) => {
      if (alertmanager === null || !answersFor.some((sender) => source === `${SOURCE}${sender}`)) return null;
      const state = await stateOf(alertmanager, labels);
      if (state === 'suppressed')
        return { says: 'unknown', why: `${NAME} says that it fires, but tells nobody: it is silenced or inhibited` };
      if (state !== null) return { says: 'fires', why: `${NAME} says that it still fires` };
      const upMs = now() - (await startedAt(alertmanager));
      return upMs >= COMPLETE_AFTER_MS
        ? { says: 'over', why: `${NAME} knows of no such alert any more` }
        : { says: 'unknown', why: `${NAME} knows of no such alert, and has been up for less than 5 minutes` };
    },
  };
}

interface Told {
  readonly labels: LabelSet;
  readonly status: { readonly state: string };
}

/** Null: there is none with exactly these labels. */
async function stateOf(server: MonitoringServer, labels: LabelSet): Promise<string | null> {
  const filter = matchersOf(labels).map((matcher) => `filter=${encodeURIComponent(matcher)}`);
  const found = (await ask(NAME, server, { method: 'GET', path: `/api/v2/alerts?${filter.join('&')}` })) as Told[];
  const same = found.filter((each) => Object.keys(each.labels).length === Object.keys(labels).length);
  return (same.find(({ status }) => status.state !== 'suppressed') ?? same[0])?.status.state ?? null;
}

async function startedAt(server: MonitoringServer): Promise<number> {
  const { uptime } = (await ask(NAME, server, { method: 'GET', path: '/api/v2/status' })) as { uptime: string };
  const started = Date.parse(uptime);
  if (Number.isNaN(started))
    throw new Error(`${NAME} says it is up since ${JSON.stringify(uptime)}, expected an instant`);
  return started;
}
