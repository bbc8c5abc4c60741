/**
 * One alert, whoever sent it. What the sender did not say is null, never guessed; what it said is kept beside what we read.
 */
import { Type, type Static } from 'typebox';

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Text = Type.String();
const Instant = Nullable(Type.String({ format: 'date-time' }));
/** A value and the place in the payload it was read from, e.g. `labels.region`. */
const Located = Nullable(Type.Object({ value: Text, from: Text }));

export const ALERT_STATUSES = ['firing', 'resolved', 'acknowledged', 'suppressed', 'unknown'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

export const AlertSchema = Type.Object({
  /** What is sick; equal for the firing and the resolve of the same thing. */
  alertKey: Type.String({ minLength: 1, maxLength: 1000 }),
  status: Type.Enum([...ALERT_STATUSES]),
  /** Status as the sender wrote it. */
  statusText: Text,
  name: Nullable(Text),
  severity: Type.Object({ number: Nullable(Type.Integer({ minimum: 1, maximum: 24 })), text: Nullable(Text) }),
  /** UTC instants (RFC 3339, `Z`); `original` keeps the sender's texts. */
  time: Type.Object({
    occurred: Instant,
    started: Instant,
    ended: Instant,
    received: Type.String({ format: 'date-time' }),
    original: Type.Record(Text, Text),
  }),
  resource: Nullable(Type.Object({ kind: Nullable(Text), id: Nullable(Text), name: Nullable(Text) })),
  location: Type.Object({ cloud: Located, account: Located, region: Located, zone: Located, cluster: Located }),
  title: Nullable(Text),
  description: Nullable(Text),
  labels: Type.Record(Text, Text),
  annotations: Type.Record(Text, Text),
  links: Type.Object({ source: Nullable(Text), runbook: Nullable(Text), dashboard: Nullable(Text) }),
  group: Nullable(
    Type.Object({
      key: Nullable(Text),
      size: Nullable(Type.Integer({ minimum: 0 })),
      truncated: Nullable(Type.Integer({ minimum: 0 })),
      reason: Nullable(Text),
    }),
  ),
  delivery: Nullable(Type.Object({ id: Nullable(Text), attempt: Nullable(Type.Integer()) })),
  raw: Type.Object({ sha256: Text, contentType: Nullable(Text), ref: Nullable(Text) }),
});

export type Alert = Static<typeof AlertSchema>;

/** CloudEvents type of an alert event in this status. */
export const alertEventType = (status: AlertStatus): string => `tocsin.alert.${status}`;
export const ALERT_FIRING = alertEventType('firing');
export const ALERT_RESOLVED = alertEventType('resolved');
