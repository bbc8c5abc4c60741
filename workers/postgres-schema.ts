/** What `tocsin.yaml` may say about PostgreSQL databases; each is a target of the inventory, of kind `postgres`. */
import { Type, type Static } from 'typebox';
import { TARGET_ID } from '../activities/inventory/target.ts';
import { LabelsSchema } from './inventory/inventory-schema.ts';
import { SecretRef } from './secret-schema.ts';

const TargetId = Type.String({ pattern: TARGET_ID.source });

const DatabaseSchema = Type.Object(
  {
    name: TargetId,
    region: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' }),
    /** What it is a part of; default: its own name. */
    service: Type.Optional(TargetId),
    labels: Type.Optional(LabelsSchema),
    /** Where `postgres://user:password@host:port/database` stands. */
    url: SecretRef,
    tls: Type.Enum(['verify', 'off'], { default: 'verify' }),
    /** PEM of an authority of your own. */
    ca: Type.Optional(SecretRef),
  },
  { additionalProperties: false },
);

export const PostgresSchema = Type.Array(DatabaseSchema, { maxItems: 1_000, default: [] });

export type DatabaseConfig = Static<typeof DatabaseSchema>;
