/**
 * The envelope every event travels in: CloudEvents 1.0, JSON, with an id derived from what happened (never random), so that a
 * redelivery carries the same id. Checked once where it enters; typed from there on.
 */
import { Type, type Static } from 'typebox';

export const CloudEventSchema = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Type.String({ minLength: 1, maxLength: 1000 }),
    source: Type.String({ minLength: 1, maxLength: 2000 }),
    type: Type.String({ minLength: 1, maxLength: 200 }),
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
    /** When it happened, as the sender wrote it (RFC 3339). */
    time: Type.Optional(Type.String({ format: 'date-time' })),
    datacontenttype: Type.Optional(Type.String({ minLength: 1 })),
    dataschema: Type.Optional(Type.String({ minLength: 1 })),
    data: Type.Optional(Type.Unknown()),
    data_base64: Type.Optional(Type.String()),
    /** Alert key; present on alert events (CloudEvents partitioning extension). */
    partitionkey: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
    /** OpenTelemetry severity number, 1-24; absent when unknown. */
    severitynumber: Type.Optional(Type.Integer({ minimum: 1, maximum: 24 })),
    /** Severity as the sender wrote it. */
    severitytext: Type.Optional(Type.String()),
    /** When the intake received it (RFC 3339, UTC). */
    recordedtime: Type.Optional(Type.String({ format: 'date-time' })),
    /** Where the bytes of its request are; alerts have it in their data. */
    rawref: Type.Optional(Type.String({ maxLength: 20_000 })),
  },
  { additionalProperties: true },
);

export type CloudEvent = Static<typeof CloudEventSchema>;

/** An event whose data has been checked against its event type. */
export type EventOf<Data> = Omit<CloudEvent, 'data'> & { readonly data: Data };
