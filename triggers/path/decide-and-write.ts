/**
 * The decision about one event, and its record in the episode book: read, plan, compare-and-set, and again when another process was faster.
 * Nothing is started here, so that whatever rejects leaves nothing to repeat but itself.
 */
import { maxQueueAgeMs } from '../match/evaluate.ts';
import { Conflict } from '../nats/errors.ts';
import type { Delivery } from '../nats/port.ts';
import type { BoundedSet } from './bounded-set.ts';
import { redriveOf } from './dead-letters.ts';
import type { Decoded } from './decode.ts';
import type { DispatcherOptions } from './dispatcher-options.ts';
import type { Disposition, Position } from './disposition.ts';
import { NO_WINDOWS, type WindowNow } from './during.ts';
import { isOlder } from './order.ts';
import { NotItsTurn } from './pace.ts';
import { plan } from './planner.ts';
import type { Later, Plan } from './plan.ts';

const NO_RECORD = { episode: null, revision: 0 } as const;
/** Compare-and-set lost this often in a row: give the message back rather than spin. */
const MAX_CONFLICTS = 8;

export type DecideOptions = DispatcherOptions & {
  /** Alert keys seen here. */
  readonly known: BoundedSet;
};

/** Plan on the current record and write the next one; on a lost compare-and-set, read and plan again. */
export async function decideAndWrite(
  options: DecideOptions,
  { event, alert }: Extract<Decoded, { ok: true }>,
  delivery: Delivery,
  position: Position,
): Promise<Plan> {
  const redrive = redriveOf(delivery);
  const triggers = redrive?.trigger ? options.triggers.filter(({ id }) => id === redrive.trigger) : options.triggers;
  const gone = redrive?.trigger && triggers.length === 0 ? goneTrigger(redrive.trigger) : null;
  const later = redrive === null && alert !== null ? await laterThan(options, position, alert.alertKey) : null;
  let itsTurn = false;
  let looked = false;
  // A key never seen here is most likely new: its record is created without a look, and compare-and-set says so if it is not.
  const guess = alert !== null && delivery.deliveryCount === 1 && !options.known.has(alert.alertKey);
  let conflicts = 0;
  for (;;) {
    const { episode, revision } =
      alert === null || (guess && conflicts === 0 && !looked) ? NO_RECORD : await options.book.read(alert.alertKey);
    if (alert !== null) options.known.add(alert.alertKey);
    const decided = plan({
      event,
      position,
      asOf: redrive === null ? position : firstOf(redrive.of, position),
      triggers,
      episode,
      handledAt: redrive === null ? options.now() : null,
      after: redrive?.after ?? null,
      byOperator: redrive?.by === 'operator',
      asked: redrive?.asked ?? null,
      later,
      windowNow: windowNow(options),
      control: options.control(),
      recent: options.recent?.list() ?? [],
      regionOf: (named) => (named !== null && options.regions.includes(named) ? named : options.region),
      reorderBoundMs: options.reorderBoundMs,
    });
    const planned = gone === null ? decided : { ...decided, settled: [gone] };
    if (!looked && mayTurn(options, planned)) {
      looked = true;
      await options.recent?.refresh();
      continue;
    }
    // Before anything is written: until then the event can still be folded, or its alert resolve.
    itsTurn ||= awaitsNoTurn(options, position, planned);
    if (planned.write === null) return planned;
    try {
      await options.book.write(planned.write, revision);
      return planned;
    } catch (error) {
      if (!(error instanceof Conflict) || conflicts >= MAX_CONFLICTS) throw error;
      conflicts += 1;
    }
  }
}

/** Put back for a trigger that is not here any more, or not yet: its letter has been taken out, and would be lost. */
const goneTrigger = (trigger: string): Disposition => ({
  trigger,
  kind: 'dead',
  reason: 'trigger-gone',
  message: 'put back for a trigger that this process does not have; it was renamed, removed, or is of a newer version',
});

/** Anybody may write the header. Nothing stood later at first than it stands now: a resolve of the future would keep every firing after it away. */
const firstOf = (said: Position, position: Position): Position => (isOlder(position, said) ? position : said);

/** A run seems to have caused it: the other side of a loop may be what another process started a moment ago. */
const mayTurn = ({ recent }: DispatcherOptions, { starts }: Plan): boolean =>
  recent !== undefined && starts.some(({ lineage }) => lineage !== null);

const windowNow = ({ windows, now }: DispatcherOptions): WindowNow =>
  windows === undefined ? NO_WINDOWS : (use, where) => windows.at(use, where, now());

/** Looks only for what waited longer than some trigger allows. */
async function laterThan(
  { lookAhead, triggers, now }: DispatcherOptions,
  position: Position,
  alertKey: string,
): Promise<Later | null> {
  const bound = Math.min(...triggers.map((trigger) => maxQueueAgeMs(trigger, true)));
  if (lookAhead === undefined || now() - position.storedAt <= bound) return null;
  return lookAhead.behind(position, alertKey);
}

function awaitsNoTurn({ pace }: DispatcherOptions, position: Position, { starts }: Plan): boolean {
  const waitMs = starts.some(({ late }) => late) ? (pace?.waitMs(position) ?? 0) : 0;
  if (waitMs > 0) throw new NotItsTurn(waitMs);
  return true;
}
