/** What the configuration says about encryption of what Temporal stores. */
import { Type } from 'typebox';
import { SecretRef } from '../secret-schema.ts';

export const EncryptionSchema = Type.Object(
  {
    /** The first encrypts; all of them decrypt. A key goes when the last run that it encrypted is past its retention. */
    keys: Type.Array(
      Type.Object(
        { id: Type.String({ pattern: '^[A-Za-z0-9._-]{1,40}$' }), key: SecretRef },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 20 },
    ),
    /** `tocsin codec-server`, with which the Temporal UI shows what is encrypted. */
    server: Type.Optional(
      Type.Object(
        {
          host: Type.Optional(Type.String()),
          port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
          /** Default: where the Temporal UI is. */
          origins: Type.Optional(Type.Array(Type.String({ pattern: '^https?://[^/]+$' }), { maxItems: 20 })),
          /** Callers show it as a bearer token. Required unless the server listens on loopback. */
          token: Type.Optional(SecretRef),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
