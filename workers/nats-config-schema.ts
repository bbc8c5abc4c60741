/** How Tocsin reaches NATS: section `nats` of the configuration, as far as it is about identity and encryption. */
import { Type } from 'typebox';
import { SecretRef } from './secret-schema.ts';

export const NATS_ACCESS = {
  /** One of creds, nkey, user with password, or token. */
  creds: Type.Optional(SecretRef),
  nkey: Type.Optional(SecretRef),
  user: Type.Optional(Type.String({ minLength: 1 })),
  password: Type.Optional(SecretRef),
  token: Type.Optional(SecretRef),
  /** Present, even if empty: TLS or nothing. `cert` and `key` are this client's own (mTLS). */
  tls: Type.Optional(
    Type.Object(
      { ca: Type.Optional(SecretRef), cert: Type.Optional(SecretRef), key: Type.Optional(SecretRef) },
      { additionalProperties: false },
    ),
  ),
};
