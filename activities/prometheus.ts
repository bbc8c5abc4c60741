/** What Prometheus knows: one figure now, and whether an alert still fires. Changes nothing. Queries are written by runbooks; values come in quoted. */
import { look } from './look.ts';
import { type LabelSet, type MonitoringServer, ask, matchersOf } from './monitoring/server.ts';
import { permanent } from './permanent.ts';

export interface QueryRequest {
  /** PromQL; `$labels` stands for the matchers of `labels`. @example sum(rate(http_requests_total{$labels}[5m])) */
  readonly query: string;
  readonly labels?: LabelSet;
}

export interface QueryAnswer {
  /** At most 100. */
  readonly series: readonly Series[];
  readonly more: number;
}

export interface Series {
  readonly labels: LabelSet;
  /** Null: not a number, or infinite. */
  readonly value: number | null;
}

export interface AlertRequest {
  /** Of the alert as it was told, its name among them. */
  readonly labels: LabelSet;
}

export interface AlertState {
  readonly state: 'firing' | 'pending' | 'inactive';
  /** Since when, RFC 3339; null when it is inactive. */
  readonly since: string | null;
}

export interface PrometheusDependencies {
  /** Of this region; null: none is configured. */
  readonly prometheus: MonitoringServer | null;
}

export type PrometheusActivities = ReturnType<typeof createPrometheusActivities>;

const MAX_SERIES = 100;
const TIMEOUT = '5s';

export const createPrometheusActivities = ({ prometheus }: PrometheusDependencies) => ({
  /** Looks only; may run any number of times. */
  queryPrometheus: look(async (request: QueryRequest): Promise<QueryAnswer> => {
    const form = new URLSearchParams({ query: filledIn(request), timeout: TIMEOUT });
    const answer = await ask('Prometheus', prometheus, {
      method: 'POST',
      path: '/api/v1/query',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    const series = seriesOf(answer);
    return { series: series.slice(0, MAX_SERIES), more: Math.max(0, series.length - MAX_SERIES) };
  }),

  /**
   * Looks only; may run any number of times. An alert is told with labels that its rule does not know (external ones), and without those that
   * relabelling took away: it is the same when its name and all labels that both have are equal.
   */
  alertFires: look(async ({ labels }: AlertRequest): Promise<AlertState> => {
    if ((labels['alertname'] ?? '') === '')
      throw permanent('BadLabels', `labels ${JSON.stringify(labels).slice(0, 300)} have no alertname`);
    const answer = (await ask('Prometheus', prometheus, { method: 'GET', path: '/api/v1/alerts' })) as AlertsAnswer;
    const same = (answer.data?.alerts ?? []).filter((alert) => agree(alert.labels, labels));
    const found = same.find(({ state }) => state === 'firing') ?? same.find(({ state }) => state === 'pending');
    if (found === undefined) return { state: 'inactive', since: null };
    return { state: found.state, since: found.activeAt };
  }),
});

interface AlertsAnswer {
  readonly data?: {
    readonly alerts?: readonly { state: 'firing' | 'pending'; activeAt: string; labels: LabelSet }[];
  };
}

const agree = (own: LabelSet, told: LabelSet): boolean =>
  Object.hasOwn(own, 'alertname') &&
  Object.entries(own).every(([name, value]) => !Object.hasOwn(told, name) || told[name] === value);

function filledIn({ query, labels = {} }: QueryRequest): string {
  const matchers = matchersOf(labels).join(',');
  if (matchers !== '' && !query.includes('$labels'))
    throw permanent('BadQuery', `query ${query} has no place for its labels, expected $labels in it`);
  return query.replaceAll('$labels', () => matchers);
}

function seriesOf(answer: unknown): Series[] {
  const { data } = answer as { data?: { resultType?: string; result?: unknown } };
  if (data?.resultType === 'scalar') return [{ labels: {}, value: figure(data.result as Sample) }];
  if (data?.resultType !== 'vector')
    throw permanent('BadQuery', `the query gives a ${data?.resultType ?? 'nothing'}, expected a vector or a scalar`);
  return (data.result as readonly { metric: LabelSet; value: Sample }[]).map(({ metric, value }) => ({
    labels: metric,
    value: figure(value),
  }));
}

type Sample = readonly [at: number, value: string];

function figure([, text]: Sample): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
