/** The Prometheus and the Alertmanager of one region, as its activities want them. */
import { createHttp } from '../activities/http.ts';
import type { MonitoringServer } from '../activities/monitoring/server.ts';
import { type Config, readSecret } from './config.ts';

/** Alerts and silences of a whole region come in one answer. */
const MAX_ANSWER_BYTES = 4_194_304;

export interface MonitoringServers {
  readonly prometheus: MonitoringServer | null;
  readonly alertmanager: MonitoringServer | null;
}

export function monitoringServers({ monitoring, http }: Config, region: string): MonitoringServers {
  const own = monitoring.find((each) => each.region === region);
  const client = createHttp({ allow: http.allow, maxBodyBytes: MAX_ANSWER_BYTES });
  const server = (url?: string): MonitoringServer | null => {
    if (url === undefined) return null;
    const bearer = own?.bearer;
    return {
      url: url.replace(/\/+$/, ''),
      http: client,
      ...(bearer === undefined ? {} : { bearer: () => readSecret(bearer) }),
    };
  };
  return { prometheus: server(own?.prometheus), alertmanager: server(own?.alertmanager) };
}
