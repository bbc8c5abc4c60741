/**
 * What Alertmanager tells people, and silencing one alert for a bounded time. A silence names the alert by all of its own labels, equal and
 * never empty, and carries the run it is of; that is how it is found again, by a repeated attempt and by its undo. An alert that ends while it
 * is silenced is never told as resolved: silence what follows from the work, not the alert the run was started by.
 */
import { Context } from '@temporalio/activity';
import { look } from './look.ts';
import { type LabelSet, type MonitoringServer, ask, matchersOf } from './monitoring/server.ts';
import { permanent } from './permanent.ts';
import type { AlertRequest } from './prometheus.ts';

export interface ToldAlert {
  /** `absent`: Alertmanager knows of no such alert now. */
  readonly state: 'active' | 'suppressed' | 'unprocessed' | 'absent';
  /** Ids of silences. */
  readonly silencedBy: readonly string[];
}

export interface SilenceRequest extends AlertRequest {
  /** From now on; at most 4 hours. It ends then, whatever happens to the run. */
  readonly forMs: number;
  readonly why: string;
}

export interface Silenced {
  readonly id: string;
  /** RFC 3339. */
  readonly until: string;
}

export interface AlertmanagerDependencies {
  /** Of this region; null: none is configured. */
  readonly alertmanager: MonitoringServer | null;
  /** Ms since 1970; default: the clock. */
  readonly now?: () => number;
}

export type AlertmanagerActivities = ReturnType<typeof createAlertmanagerActivities>;

const CREATED_BY = 'tocsin';
const MAX_SILENCE_MS = 14_400_000;
const MAX_WHY_CHARS = 200;

export function createAlertmanagerActivities({ alertmanager, now = Date.now }: AlertmanagerDependencies) {
  return {
    /** Looks only; may run any number of times. */
    observeAlert: look(async ({ labels }: AlertRequest): Promise<ToldAlert> => {
      const found = (await ask('Alertmanager', alertmanager, {
        method: 'GET',
        path: `/api/v2/alerts?${filterOf(own(labels))}`,
      })) as readonly { status: { state: Exclude<ToldAlert['state'], 'absent'>; silencedBy: readonly string[] } }[];
      const told = found.find(({ status }) => status.state === 'active') ?? found[0];
      if (told === undefined) return { state: 'absent', silencedBy: [] };
      return { state: told.status.state, silencedBy: told.status.silencedBy };
    }),

    /** May run twice: the second time the silence of this run is found and kept as it is. Its undo is `expireSilence`. */
    silenceAlert: async ({ labels, forMs, why }: SilenceRequest): Promise<Silenced> => {
      if (!(forMs > 0 && forMs <= MAX_SILENCE_MS))
        throw permanent('BadSilence', `a silence of ${forMs} ms, expected more than 0 and at most ${MAX_SILENCE_MS}`);
      const [known] = await silencesOfRun(alertmanager, labels);
      if (known !== undefined) return { id: known.id, until: known.endsAt };
      const until = new Date(now() + forMs).toISOString();
      const created = (await ask('Alertmanager', alertmanager, {
        method: 'POST',
        path: '/api/v2/silences',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          matchers: Object.entries(own(labels)).map(([name, value]) => ({
            name,
            value,
            isRegex: false,
            isEqual: true,
          })),
          startsAt: new Date(now()).toISOString(),
          endsAt: until,
          createdBy: CREATED_BY,
          comment: `${runMark()} ${why.slice(0, MAX_WHY_CHARS)}`,
        }),
      })) as { silenceID: string };
      return { id: created.silenceID, until };
    },

    /** May run twice, or on nothing: what is expired is not found. Only silences that this run made end. */
    expireSilence: async ({ labels }: AlertRequest): Promise<{ readonly expired: readonly string[] }> => {
      const expired: string[] = [];
      for (const { id } of await silencesOfRun(alertmanager, labels)) {
        await ask('Alertmanager', alertmanager, {
          method: 'DELETE',
          path: `/api/v2/silence/${encodeURIComponent(id)}`,
        });
        expired.push(id);
      }
      return { expired };
    },
  };
}

interface Silence {
  readonly id: string;
  readonly endsAt: string;
  readonly createdBy: string;
  readonly comment: string;
  readonly status: { readonly state: 'active' | 'pending' | 'expired' };
  readonly matchers: readonly { readonly name: string; readonly value: string }[];
}

/** Of these labels, and not expired yet. */
async function silencesOfRun(server: MonitoringServer | null, labels: LabelSet): Promise<readonly Silence[]> {
  const wanted = own(labels);
  const all = (await ask('Alertmanager', server, {
    method: 'GET',
    path: `/api/v2/silences?${filterOf(wanted)}`,
  })) as readonly Silence[];
  const ofRun = `${runMark()} `;
  return all.filter(
    ({ createdBy, comment, status, matchers }) =>
      status.state !== 'expired' &&
      createdBy === CREATED_BY &&
      comment.startsWith(ofRun) &&
      matchers.length === Object.keys(wanted).length &&
      matchers.every(({ name, value }) => wanted[name] === value),
  );
}

/** All labels of one alert: with an empty one, or without a name, a silence would cover others as well. */
function own(labels: LabelSet): LabelSet {
  const empty = Object.entries(labels).find(([, value]) => value === '');
  if (empty !== undefined || (labels['alertname'] ?? '') === '')
    throw permanent(
      'BadLabels',
      `labels ${JSON.stringify(labels).slice(0, 300)}: expected those of one alert, none empty, alertname among them`,
    );
  return labels;
}

const filterOf = (labels: LabelSet): string =>
  matchersOf(labels)
    .map((matcher) => `filter=${encodeURIComponent(matcher)}`)
    .join('&');

function runMark(): string {
  const { workflowExecution } = Context.current().info;
  return `[${workflowExecution?.workflowId ?? 'none'} ${workflowExecution?.runId ?? 'none'}]`;
}
