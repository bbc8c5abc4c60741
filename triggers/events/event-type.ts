/**
 * An event type names what a trigger listens for and gives its data a checked type. `eventType` is for plain events (each is
 * its own episode); `alertType` is for alerts, told apart by their name and typed by their labels.
 */
import type { Static, TObject, TSchema } from 'typebox';
import { ALERT_FIRING, type Alert } from './alert.ts';

export interface EventType<Data> {
  /** The CloudEvents `type` it is carried under. */
  readonly type: string;
  /** For alerts: the alert name; null for plain events. */
  readonly alertName: string | null;
  /**
   * JSON Schema of the data, for alerts of their labels: an alert itself has been checked where it entered. A mismatch is a dead letter
   * for the trigger, never a guess.
   */
  readonly checked: TSchema;
  /** Carries the data's type; never set. */
  readonly _data?: Data;
}

/** @example const deployFinished = eventType('com.example.deploy.finished', Type.Object({ version: Type.String() })) */
export function eventType<S extends TSchema>(type: string, schema: S): EventType<Static<S>> {
  return { type, alertName: null, checked: schema };
}

/** @example const serviceDown = alertType('ServiceDown', Type.Object({ service: Type.String() })) */
export function alertType<L extends TObject>(
  name: string,
  labels: L,
): EventType<Omit<Alert, 'labels'> & { labels: Static<L> }> {
  return { type: ALERT_FIRING, alertName: name, checked: labels };
}
