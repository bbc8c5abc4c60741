/**
 * What a run knows about why it exists. Set once by whoever starts the run, kept in the workflow's memo under `tocsin`.
 */

/** What a run does when its alert is resolved meanwhile: stop and undo before the next step, go on, or not be told. */
export type OnResolved = 'cancel' | 'finish' | 'ignore';

/** `auto`: act. `approve`: make a plan, and act once it is approved. `plan`: make a plan, and end. */
export type RunMode = 'auto' | 'approve' | 'plan';

export interface RunContext {
  /** Trigger id; null for a run started by hand. */
  readonly trigger: string | null;
  readonly alertKey: string | null;
  /** Number of the episode; 1 for an event that is its own episode. */
  readonly generation: number;
  /** 1 for the first run of the episode; higher after `onFailure: again`. */
  readonly attempt: number;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly source: string;
    readonly stream: string;
    readonly sequence: number;
    readonly title: string | null;
    /** Where its sender says that people can look: `source`, `runbook`, `dashboard`. Absent: it says of none. */
    readonly links?: Readonly<Record<string, string>>;
  } | null;
  /** Region whose activity workers act, unless a step names another. */
  readonly region: string;
  readonly service: string | null;
  readonly severity: string | null;
  readonly onResolved: OnResolved;
  /** Absent: `auto`. */
  readonly mode?: RunMode;
  /** Who started it by hand; that person cannot approve it. */
  readonly startedBy?: string;
  /** Labels of the alert. Null: too many to carry along. Absent in runs of before; for both, a stop of a label is in doubt. */
  readonly labels?: Readonly<Record<string, string>> | null;
  /** Workflow id of the run that this one is a part of. Absent: it is a part of none. */
  readonly parent?: string;
  /** All regions of the configuration at the start, and what it said of each that differs from the defaults. Absent in runs of before. */
  readonly regions?: Readonly<Record<string, RegionRule>>;
  /** `exceptional`: the run is started with the ordinary phase, and has another only while it is off that way. Absent in runs of before: it writes each. */
  readonly phases?: 'exceptional';
  /**
   * `ended`: a step that is cancelled is undone, and its slots are given back, when what is at work has ended. Absent in runs of before: they did so at
   * once, beside it.
   */
  readonly cancelled?: 'ended';
  /** Set when the event seems to be an effect of another run. */
  readonly lineage?: Lineage;
}

/** How steps of a region find a worker. What is absent is by default. */
export interface RegionRule {
  /** Task queue; default: the region's own by name. */
  readonly queue?: string;
  /** Regions whose workers may act for it, in this order; default none. */
  readonly failOver?: readonly string[];
  /** Default: wait. */
  readonly whenNoWorker?: WhenNoWorker;
  /** Default: NO_WORKER_AFTER_MS. */
  readonly noWorkerAfterMs?: number;
}

/** What a step does that no worker of its region took: wait for one, let another region act, or ask people (and wait meanwhile). */
export type WhenNoWorker = 'wait' | 'failOver' | 'ask';

/** Which run caused the event that started this one, and how many runs are behind it in that chain. */
export interface Lineage {
  readonly causedBy: string;
  /** 1: the cause itself had none. */
  readonly depth: number;
}

/** Name of the signal that tells a run that its alert is resolved. Sending it twice changes nothing. */
export const RESOLVED_SIGNAL = 'alertResolved';
/** Name of the signal that brings an event which names this run; sending one twice changes nothing. */
export const EVENT_SIGNAL = 'runEvent';
/** What such a signal carries, checked at the edge. */
export interface RunEvent<Data = unknown> {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string | null;
  /** As its sender wrote it, RFC 3339. */
  readonly time: string | null;
  readonly data: Data;
}
/** Workflow type of what a schedule starts: it publishes one event. */
export const SCHEDULE_FIRED = 'scheduleFired';
/** Workflow ids of runs that only plan begin with it; workers refuse every effect to them. */
export const PLAN_PREFIX = 'plan/';
/** Added to the bound on a run that has to be approved: its questions wait no longer than this in all. */
export const APPROVAL_ALLOWANCE_MS = 86_400_000;
/** Names of the signals by which the red button reaches a run: wait before the next effect (with the stop, and when it was told), and go on. */
export const STOPPED_SIGNAL = 'effectsStopped';
export const ALLOWED_SIGNAL = 'effectsAllowed';
/** Failure type of an effect that the red button refused before anything happened; the stop is its detail. */
export const EFFECTS_STOPPED = 'EffectsStopped';
/** Header of each activity: what its worker has to know of the run. */
export const RUN_HEADER = 'tocsin-run';
/** A step that no worker took for this long is told, unless its region says otherwise. */
export const NO_WORKER_AFTER_MS = 60_000;
/** Failure type of a step that no worker ever took: nothing was done. */
export const NO_WORKER = 'NoWorker';
/** Failure type of a call that its worker put off at the first attempt, before anything happened: nothing was done, and it is tried again. */
export const NOT_BEGUN = 'NotBegun';
/** Task queue of all runbooks. */
export const RUNBOOK_QUEUE = 'runbooks';
/** Task queue on which one region's workers take activities. */
export const activityQueue = (region: string): string => `activities-${region}`;

/** Search attributes of every run, all of type Keyword. */
export const SEARCH_ATTRIBUTES = [
  'TocsinTrigger',
  'TocsinAlert',
  'TocsinRegion',
  'TocsinService',
  'TocsinSeverity',
  'TocsinPhase',
] as const;

/** What `TocsinPhase` says of a run that has not left the ordinary way: its checklist and its status say the rest. */
export const ORDINARY_PHASE = 'ordinary';

/** Header of an activity with what its log lines name. */
export const LOG_HEADER = 'tocsin-log';
export interface LogAttributes {
  readonly eventId: string | null;
  readonly trigger: string | null;
  readonly region: string;
}
