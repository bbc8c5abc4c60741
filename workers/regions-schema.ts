/** Regions in `tocsin.yaml`: their form. An entry is a name, or a name with what differs from the defaults. */
import { Type, type Static } from 'typebox';

const NAME = '^[a-z0-9][a-z0-9-]{0,39}$';
const Name = Type.String({ pattern: NAME });

const PROPERTIES = Type.Object({
  name: Name,
  /** IANA name of the zone whose local time counts there. */
  zone: Type.String(),
  /** Task queue of its activity workers; default `activities-<name>`. */
  queue: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$' })),
  nats: Type.Optional(
    Type.Object(
      {
        /** Its own server; default: the one of the others. */
        url: Type.Optional(Type.String({ pattern: '^(nats|tls|wss?)://[^\\s@]+$' })),
        /** JetStream domain in which its streams are, when that server is a hub or a leaf of another. */
        domain: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' })),
      },
      { additionalProperties: false },
    ),
  ),
  /** Regions whose workers may act for it, the first that has workers. */
  failOver: Type.Optional(Type.Array(Name, { minItems: 1, maxItems: 20, uniqueItems: true })),
  /** What a step does when no worker took it; default `wait`. */
  whenNoWorker: Type.Optional(Type.Enum(['wait', 'failOver', 'ask'])),
  /** A step that no worker took for this long is told; default 1m. */
  noWorkerAfter: Type.Optional(Type.String({ pattern: '^[1-9]\\d{0,3} ?(s|m|h)$' })),
});

export type RegionEntry = string | Static<typeof PROPERTIES>;

/** Each keyword concerns one of the two forms only, so that a problem names what is wrong and not both forms. */
const RegionEntrySchema = Type.Unsafe<RegionEntry>({
  type: ['string', 'object'],
  pattern: NAME,
  properties: PROPERTIES.properties,
  required: ['name', 'zone'],
  additionalProperties: false,
});

export const RegionsSchema = Type.Array(RegionEntrySchema, { minItems: 1, maxItems: 100, default: ['eu', 'us'] });
