/** Whether a problem is there: by its value or status, and by what somebody has done about it. */
import type { AlertStatus } from '../events/alert.ts';
import type { Fields } from './zabbix-fields.ts';

/** {EVENT.VALUE} (1, 0), {EVENT.STATUS} and {TRIGGER.STATUS} (PROBLEM; RESOLVED, OK), and what media types make of them. */
const STATES: ReadonlyMap<string, AlertStatus> = new Map([
  ['1', 'firing'],
  ['problem', 'firing'],
  ['alerting', 'firing'],
  ['firing', 'firing'],
  ['0', 'resolved'],
  ['ok', 'resolved'],
  ['resolved', 'resolved'],
  ['recovery', 'resolved'],
  ['recovered', 'resolved'],
]);

export interface Update {
  /** {EVENT.UPDATE.ACTION}: `acknowledged, commented and changed severity from Warning to High`; services have none. */
  readonly action: string | null;
  /** As written: what tells two updates of one kind apart. */
  readonly at: string;
}

export function updateOf({ text }: Fields): Update | null {
  if (text('eventupdatestatus', 'updatestatus', 'eventupdate') !== '1') return null;
  const at = text('eventupdatetimestamp', 'updatetimestamp');
  const [date, time] = [text('eventupdatedate', 'updatedate'), text('eventupdatetime', 'updatetime')];
  return { action: text('eventupdateaction', 'updateaction'), at: at ?? `${date ?? ''} ${time ?? ''}` };
}

/** `acknowledged`: {EVENT.ACK.STATUS}, which outlasts the update that said so. */
export function statusOf(state: string, update: Update | null, acknowledged: string | null): AlertStatus {
  const status = STATES.get(state.toLowerCase()) ?? 'unknown';
  if (status !== 'firing') return status;
  const actions = update?.action?.split(/, | and /).map((action) => action.trim().toLowerCase()) ?? [];
  if (actions.includes('acknowledged')) return 'acknowledged';
  if (actions.some((action) => /^suppressed\b/.test(action))) return 'suppressed';
  return acknowledged?.toLowerCase() === 'yes' && !actions.includes('unacknowledged') ? 'acknowledged' : 'firing';
}
