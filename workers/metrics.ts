/** Tocsin's own metrics; docs/metrics.md is their contract. The Temporal SDK publishes those of workers and calls by itself. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { EventRecord, RunOutcome } from '../triggers/path/disposition.ts';
import type { Meaning } from '../triggers/path/failure.ts';
import type { NoticeOutcome } from './notify/lane.ts';
import { type WatchedRegion, regionGauges } from './region-gauges.ts';

export interface Metrics {
  readonly registry: Registry;
  accepted(sender: string, count: number): void;
  rejected(sender: string, reason: string): void;
  /** A sender has left alerts out of a group. */
  missing(sender: string, alerts: number): void;
  /** An event was recorded and acknowledged. `storedAt`: when its stream took it, ms. */
  recorded(region: string, record: EventRecord): void;
  /** An event was given back because of an error. */
  pathError(region: string, meaning: Meaning): void;
  /** A run that did not complete, once; an empty trigger: a person or Tocsin itself started it. */
  runFailed(region: string, trigger: string, outcome: string): void;
  /** A sweep has looked at every run. */
  swept(region: string): void;
  /** How long a trigger's condition took; a slow one holds up every event behind it. */
  condition(trigger: string, ms: number): void;
  /** An answer to an approval did not count. */
  answerRefused(decision: string, refusal: string): void;
  notices(channel: string, outcome: NoticeOutcome, count: number): void;
  /** A server's clock less ours, ms. */
  clockAhead(server: 'nats' | 'temporal', ms: number): void;
  /** No worker of the region took a step in time. */
  noWorker(region: string, count?: number): void;
  /** What is read when the metrics are scraped: lag, dead letters, streams, pauses. */
  watchRegion(region: string, watched: WatchedRegion): void;
  /** Release of the zone data that this process decides by from now on. */
  zoneData(release: string): void;
}

export interface MetricsOptions {
  /** Triggers that may be a label; any other is `other`. */
  readonly triggers: readonly string[];
  /** Of Tocsin. */
  readonly version: string;
  readonly now?: () => number;
}

/** Of runs that no trigger has started, or none that is known. */
const OTHER = 'other';
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createMetrics({ triggers, version, now = Date.now }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name, help, labelNames: [...labelNames], registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames: [...labelNames], registers });

  const accepted = counter('tocsin_events_accepted_total', 'Events stored by the intake.', ['sender']);
  const rejected = counter('tocsin_events_rejected_total', 'Requests and items that can never be stored, by reason.', [
    'sender',
    'reason',
  ]);
  const missing = counter('tocsin_alerts_missing_total', 'Alerts that senders have left out of their groups.', [
    'sender',
  ]);
  const dispositions = counter(
    'tocsin_dispositions_total',
    'What became of events, by trigger; `filtered`: no trigger matched.',
    ['region', 'trigger', 'kind'],
  );
  const late = counter('tocsin_late_events_total', 'Events that came too late, out of order or by a clock ahead.', [
    'region',
    'trigger',
    'what',
  ]);
  const pathErrors = counter('tocsin_path_errors_total', 'Events given back, by what the error means.', [
    'region',
    'meaning',
  ]);
  const failed = counter('tocsin_runs_failed_total', 'Runs that failed, were terminated, timed out or are stuck.', [
    'region',
    'trigger',
    'outcome',
  ]);
  const noWorker = counter('tocsin_no_worker_total', 'Steps that no worker of their region took in time.', ['region']);
  const notices = counter('tocsin_notices_total', 'Notices by channel and outcome.', ['channel', 'outcome']);
  const refused = counter('tocsin_answers_refused_total', 'Answers to approvals that did not count, by reason.', [
    'decision',
    'refusal',
  ]);
  const settled = gauge('tocsin_last_settled_timestamp_seconds', 'When an event was last recorded and acknowledged.', [
    'region',
  ]);
  const swept = gauge('tocsin_last_sweep_timestamp_seconds', 'When a sweep last looked at every run.', ['region']);
  const clock = gauge('tocsin_clock_ahead_seconds', 'A server’s clock less ours.', ['server']);
  const buildInfo = gauge('tocsin_build_info', 'Versions of this process; always 1.', ['version', 'node', 'tzdata']);
  const settle = new Histogram({
    name: 'tocsin_settle_seconds',
    help: 'From stored in the stream to recorded and acknowledged.',
    labelNames: ['region'],
    buckets: SECONDS,
    registers,
  });
  const condition = new Histogram({
    name: 'tocsin_condition_seconds',
    help: 'Duration of a trigger’s `when`.',
    labelNames: ['trigger'],
    buckets: [0.0001, 0.001, 0.01, 0.1, 1],
    registers,
  });
  const watch = regionGauges(registers, now);
  const known = new Set(['', ...triggers]);
  const label = (trigger: string): string => (known.has(trigger) ? trigger : OTHER);
  return {
    zoneData: (tzdata) => {
      buildInfo.reset();
      buildInfo.set({ version, node: process.versions.node, tzdata }, 1);
    },
    registry,
    accepted: (sender, count) => accepted.inc({ sender }, count),
    rejected: (sender, reason) => rejected.inc({ sender, reason }),
    missing: (sender, alerts) => missing.inc({ sender }, alerts),
    recorded: (region, record) => {
      settled.set({ region }, now() / 1_000);
      settle.observe({ region }, Math.max(0, now() - record.position.storedAt) / 1_000);
      if (record.dispositions.length === 0) dispositions.inc({ region, trigger: '', kind: 'filtered' });
      for (const { trigger, kind } of record.dispositions) dispositions.inc({ region, trigger: label(trigger), kind });
      for (const { trigger, what } of lateness(record)) late.inc({ region, trigger: label(trigger), what });
    },
    pathError: (region, meaning) => pathErrors.inc({ region, meaning }),
    // What a run says of its trigger comes from whoever started it.
    runFailed: (region, trigger, outcome) => failed.inc({ region, trigger: label(trigger) || OTHER, outcome }),
    swept: (region) => swept.set({ region }, now() / 1_000),
    condition: (trigger, ms) => condition.observe({ trigger }, ms / 1_000),
    noWorker: (region, count = 1) => noWorker.inc({ region }, count),
    notices: (channel, outcome, count) => notices.inc({ channel, outcome }, count),
    answerRefused: (decision, refusal) => refused.inc({ decision, refusal }),
    clockAhead: (server, ms) => clock.set({ server }, ms / 1_000),
    watchRegion: (region, watched) => {
      // From zero on: the rate of a counter that begins at one is nothing.
      for (const meaning of ['pause', 'retry', 'suspect'] satisfies Meaning[]) pathErrors.inc({ region, meaning }, 0);
      for (const trigger of [...triggers, OTHER])
        for (const outcome of FAILURES) failed.inc({ region, trigger, outcome }, 0);
      watch(region, watched);
    },
  };
}

const LATE: ReadonlySet<string> = new Set(['stale', 'folded', 'superseded', 'over']);

/** What of a record is about time; a clock ahead is no trigger's matter. */
function lateness({
  event,
  dispositions,
}: EventRecord): readonly { readonly trigger: string; readonly what: string }[] {
  const found = dispositions.flatMap((each) =>
    (each.kind === 'ignored' || each.kind === 'held') && LATE.has(each.reason)
      ? [{ trigger: each.trigger, what: each.reason }]
      : [],
  );
  return event.aheadMs === undefined ? found : [...found, { trigger: '', what: 'skewed' }];
}

const FAILURES: readonly RunOutcome[] = ['failed', 'terminated', 'timed-out', 'stuck'];
