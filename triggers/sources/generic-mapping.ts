/** What the configuration says about the JSON of a sender that Tocsin has no source for: where each fact stands, by JSON Pointer. */
import { Type, type Static } from 'typebox';
import { POINTER_PATTERN } from '../events/json-pointer.ts';

const Pointer = Type.String({ pattern: POINTER_PATTERN });
/** States as the sender writes them; 1 and "1" are the same. */
const States = Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]), { minItems: 1 });
const closed = { additionalProperties: false };
const Time = Type.Object(
  {
    at: Pointer,
    unit: Type.Enum(['rfc3339', 'rfc1123', 's', 'ms', 'us', 'ns', 'any'], { default: 'rfc3339' }),
  },
  closed,
);
/** As syslog orders them. */
export const SEVERITIES = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const;

export const GenericMappingSchema = Type.Object(
  {
    /** An array of alerts; pointers below start at each of its items. Without it the body is one alert. */
    items: Type.Optional(Pointer),
    /** What tells one sick thing from another; together equal for its firing and its resolve. */
    key: Type.Array(Pointer, { minItems: 1, maxItems: 10 }),
    status: Type.Object(
      {
        at: Pointer,
        firing: States,
        resolved: Type.Optional(States),
        acknowledged: Type.Optional(States),
        suppressed: Type.Optional(States),
      },
      closed,
    ),
    severity: Type.Optional(Pointer),
    /** What the sender's own words or numbers stand for. */
    severities: Type.Optional(Type.Partial(Type.Record(Type.Enum([...SEVERITIES]), States), closed)),
    /** Since when the alert is in this state; of a resolved one also its end. */
    time: Type.Optional(Time),
    /** When it began to fire, equal for its resolve. */
    started: Type.Optional(Time),
    title: Type.Optional(Pointer),
    description: Type.Optional(Pointer),
    link: Type.Optional(Pointer),
    labels: Type.Optional(Type.Record(Type.String({ minLength: 1 }), Pointer)),
    location: Type.Optional(
      Type.Object(
        {
          cloud: Type.Optional(Pointer),
          account: Type.Optional(Pointer),
          region: Type.Optional(Pointer),
          zone: Type.Optional(Pointer),
          cluster: Type.Optional(Pointer),
        },
        closed,
      ),
    ),
  },
  closed,
);

export type GenericMapping = Static<typeof GenericMappingSchema>;

/** A state or severity that stands for two things, in words; null when there is none. 1 and "1" are the same. */
export function contradictionIn({ status: { at: _at, ...states }, severities = {} }: GenericMapping): string | null {
  for (const lists of [states, severities]) {
    const meanings = new Map<string, string>();
    for (const [meaning, values = []] of Object.entries(lists)) {
      for (const value of values) {
        const other = meanings.get(String(value)) ?? meaning;
        if (other !== meaning) return `${JSON.stringify(value)} is both ${other} and ${meaning}`;
        meanings.set(String(value), meaning);
      }
    }
  }
  return null;
}
