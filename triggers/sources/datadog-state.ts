/** What a Datadog notification says of the state: the variable `$ALERT_TRANSITION`, else the words in brackets that begin its title. */
import type { AlertStatus } from '../events/alert.ts';

export interface DatadogState {
  readonly text: string;
  readonly status: AlertStatus;
  /** True when the alert starts with this notification. */
  readonly starts: boolean;
  /** The title without the state. */
  readonly rest: string | null;
  /** The group that the title names: `host:web-1` of `[Triggered on {host:web-1}]`. */
  readonly scope: string | null;
  /** `P2` of `[P2] [Triggered]`. */
  readonly priority: string | null;
}

const STATES: Readonly<Record<string, AlertStatus>> = {
  triggered: 'firing',
  're-triggered': 'firing',
  warn: 'firing',
  're-warn': 'firing',
  renotify: 'firing',
  recovered: 'resolved',
  'no data': 'unknown',
  're-no data': 'unknown',
  muted: 'suppressed',
};

/** Where neither says it (the title of another monitor, an event of some other kind) the state is unknown, and its text empty. */
export function stateOf(transition: string | null, title: string | null): DatadogState {
  const match = /^\s*(?:\[(P[1-5])\]\s*)?\[([A-Za-z][A-Za-z -]{1,30}?)(?: on \{([^}]{0,1000})\})?\]\s*/.exec(
    title ?? '',
  );
  const [whole = '', priority, written, scope] = match ?? [];
  const word = written?.toLowerCase();
  const known = word !== undefined && Object.hasOwn(STATES, word);
  const text = transition ?? (known ? (written ?? '') : '');
  const state = text.trim().toLowerCase();
  const rest = (known ? (title ?? '').slice(whole.length) : (title ?? '')).trim();
  return {
    text,
    status: Object.hasOwn(STATES, state) ? (STATES[state] ?? 'unknown') : 'unknown',
    starts: state === 'triggered' || state === 'warn',
    rest: rest === '' ? null : rest,
    scope: known ? (scope ?? null) : null,
    priority: known ? (priority ?? null) : null,
  };
}
