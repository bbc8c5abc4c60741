/** What `tocsin.yaml` may say about limits, and what no schema can say about it. */
import { Type, type Static } from 'typebox';
import type { LimitDefinition, LimitScope, Percent } from '../../activities/limits/definition.ts';
import { durationMs } from '../duration.ts';

const CLOSED = { additionalProperties: false };
/** At most a day. */
const Duration = (text?: string) =>
  Type.String({
    pattern: '^([1-9]\\d{0,4} ?s|[1-9]\\d{0,2} ?m|1[0-3]\\d\\d ?m|1?\\d ?h|2[0-4] ?h)$',
    ...(text === undefined ? {} : { default: text }),
  });
const Share = Type.String({ pattern: '^([1-9]|[1-9]\\d|100)%$' });
const Selector = Type.Record(
  Type.String({ minLength: 1, maxLength: 63 }),
  Type.Union([Type.String(), Type.Array(Type.String(), { minItems: 1, maxItems: 100 })]),
  { maxProperties: 20 },
);

const LimitSchema = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' }),
    /** `target`, `service`, `region`, `fleet` or `label:<name>`: one count for each of them. */
    scope: Type.String({ pattern: '^(target|service|region|fleet|label:[A-Za-z_][A-Za-z0-9_./-]{0,62})$' }),
    /** Steps in progress at once: a count, or a share of the targets in the scope, rounded down. */
    slots: Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      minimum: 1,
      maximum: 10_000,
      pattern: '^([1-9]|[1-9]\\d|100)%$',
    }),
    /** At least so many, where a share comes to less. */
    min: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    /** Of the targets in the scope only those that match count. */
    of: Type.Optional(Selector),
    /** So many failed steps within the time: none begins for as long, and people are told. */
    failures: Type.Optional(
      Type.Object({ max: Type.Integer({ minimum: 1, maximum: 1_000 }), per: Duration() }, CLOSED),
    ),
    /** Pause between the end of a step and the next. */
    coolDown: Type.Optional(Duration()),
    whenFull: Type.Enum(['queue', 'refuse'], { default: 'queue' }),
    queueMax: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
    /** Longest wait for a slot. */
    wait: Duration('10m'),
    /** More than this share of the targets at once, or within the time: none begins, and people are told. */
    stopWhenSick: Type.Optional(Type.Object({ share: Share, within: Duration('10m') }, CLOSED)),
  },
  CLOSED,
);

export const LimitsSchema = Type.Array(LimitSchema, { maxItems: 100, default: [] });

export type LimitConfig = Static<typeof LimitSchema>;

export const limitDefinitions = (limits: readonly LimitConfig[]): LimitDefinition[] =>
  limits.map(({ name, scope, slots, min, of, failures, coolDown, whenFull, queueMax, wait, stopWhenSick }) => ({
    name,
    scope: scope as LimitScope,
    slots: slots as number | Percent,
    min: min ?? 0,
    of: of ?? {},
    failures: failures === undefined ? null : { max: failures.max, perMs: durationMs(failures.per) },
    coolDownMs: coolDown === undefined ? 0 : durationMs(coolDown),
    whenFull,
    queueMax,
    waitMs: durationMs(wait),
    stopWhenSick:
      stopWhenSick === undefined
        ? null
        : { share: stopWhenSick.share as Percent, withinMs: durationMs(stopWhenSick.within) },
  }));

/** One line for each contradiction, with its place. */
export const limitProblems = (limits: readonly LimitConfig[]): string[] =>
  limits.flatMap(({ name, scope, slots, min, of, stopWhenSick }, index) => {
    const at = `/limits/${index}`;
    const isShare = typeof slots === 'string';
    const counts = isShare || stopWhenSick !== undefined;
    return [
      ...(limits.findIndex((each) => each.name === name) === index ? [] : [`${at}/name: ${name} is there twice`]),
      ...(counts && scope === 'target'
        ? [
            `${at}/scope: a target is one and has no share; expected a count in slots and no stopWhenSick, or another scope`,
          ]
        : []),
      ...(min !== undefined && !isShare
        ? [`${at}/min: ${min} means nothing beside a count; expected slots in percent`]
        : []),
      ...(of !== undefined && !counts
        ? [`${at}/of: nothing is counted; expected slots in percent, or stopWhenSick`]
        : []),
    ];
  });
