/** The part of the configuration that says which targets there are, how they are treated and who may act upon which. */
import { Type, type Static } from 'typebox';
import type { TargetRule } from '../../activities/target-rule.ts';
import { LABEL_NAME, TARGET_KIND, TARGET_PARTS } from '../../activities/inventory/target.ts';
import type { ServiceTreatment } from '../../activities/service-treatment.ts';
import { SecretRef } from '../secret-schema.ts';

const CLOSED = { additionalProperties: false };
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' });
/** From a second to a day for pauses and time-outs; an age may be longer. */
const Pause = Type.Optional(Type.String({ pattern: '^([1-9]\\d{0,4} ?s|[1-9]\\d{0,3} ?m|1?\\d ?h|2[0-4] ?h)$' }));
const Age = Type.Optional(
  Type.String({ pattern: '^([1-9]\\d{0,4} ?s|[1-9]\\d{0,3} ?m|[1-9]\\d{0,2} ?h|[1-9]\\d? ?d)$' }),
);
const Argv = Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 100 });
const LabelName = Type.String({ pattern: `^(?!(${TARGET_PARTS.join('|')})$)${LABEL_NAME.source.slice(1)}` });
const LabelValue = Type.String({ maxLength: 256 });

export const LabelsSchema = Type.Record(LabelName, LabelValue, { ...CLOSED, maxProperties: 50 });

/**
 * What is known of a target's treatment, in `services` and in `inventory.treatments` alike. Either `health`, `status` and `restart`, or
 * `systemd`: `inventoryProblems` says which is missing, in better words than a schema.
 */
export const TREATMENT = {
  health: Type.Optional(Type.String({ pattern: '^https?://' })),
  status: Type.Optional(Argv),
  restart: Type.Optional(Argv),
  systemd: Type.Optional(
    Type.Object(
      // Names, or `{id}`, `{service}` and `{region}` in a treatment by kind.
      {
        host: Type.String({ pattern: '^[A-Za-z0-9{][A-Za-z0-9._:@{}-]{0,127}$' }),
        unit: Type.String({ pattern: '^[A-Za-z0-9{][A-Za-z0-9:_.@{}\\\\-]{0,209}$' }),
      },
      CLOSED,
    ),
  ),
  takeOut: Type.Optional(Argv),
  putBack: Type.Optional(Argv),
  patch: Type.Optional(Argv),
  timeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 600_000 })),
};

/** Figures of a provider; their defaults are set where it is made, because a schema that depends on `kind` can have none. */
const PROVIDER = {
  name: Name,
  /** Pause between readings. Default: 5s of a file, else 1m. */
  refresh: Pause,
  /** The last good answer counts no longer than this. Default 1h. */
  maxAge: Age,
  /** Regions it may name targets in. Default: all. */
  regions: Type.Optional(Type.Array(Name, { minItems: 1, uniqueItems: true })),
};
const PROVIDERS = [
  Type.Object({ kind: Type.Literal('file'), path: Type.String({ minLength: 1 }), ...PROVIDER }, CLOSED),
  /** `timeout` default 30s. */
  Type.Object({ kind: Type.Literal('command'), argv: Argv, timeout: Pause, ...PROVIDER }, CLOSED),
  /** `timeout` default 10s. Its origin has to be in `http.allow`. */
  Type.Object(
    {
      kind: Type.Literal('http'),
      url: Type.String({ pattern: '^https?://' }),
      bearer: Type.Optional(SecretRef),
      timeout: Pause,
      ...PROVIDER,
    },
    CLOSED,
  ),
] as const;
const ProviderSchema = Type.Unsafe<Static<(typeof PROVIDERS)[number]>>({
  type: 'object',
  required: ['kind'],
  discriminator: { propertyName: 'kind' },
  oneOf: PROVIDERS,
});

/** At least one name: a selector of nothing would be a rule that says nothing. */
export const SelectorSchema = Type.Record(
  Type.String({ pattern: LABEL_NAME.source }),
  Type.Union([LabelValue, Type.Array(LabelValue, { minItems: 1, maxItems: 100 })]),
  { ...CLOSED, minProperties: 1 },
);

export const InventorySchema = Type.Object(
  {
    /** Of one provider; an answer with more is refused. */
    maxTargets: Type.Integer({ minimum: 1, maximum: 100_000, default: 10_000 }),
    providers: Type.Array(ProviderSchema, { maxItems: 20, default: [] }),
    /** By kind of target: how the targets of providers are treated. */
    treatments: Type.Record(Type.String({ pattern: TARGET_KIND.source }), Type.Object(TREATMENT, CLOSED), {
      ...CLOSED,
      default: {},
    }),
    allow: Type.Array(
      Type.Object(
        {
          runbook: Type.Optional(Type.String({ minLength: 1 })),
          trigger: Type.Optional(Type.String({ minLength: 1 })),
          targets: SelectorSchema,
        },
        CLOSED,
      ),
      { maxItems: 200, default: [] },
    ),
  },
  { ...CLOSED, default: {} },
);

export type ProviderConfig = Static<typeof ProviderSchema>;

export interface InventoryConfig {
  readonly maxTargets: number;
  readonly providers: readonly ProviderConfig[];
  readonly treatments: Readonly<Record<string, ServiceTreatment>>;
  readonly allow: readonly TargetRule[];
}
