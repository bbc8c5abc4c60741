/** How a sender proves who it is, as `tocsin.yaml` says it. Secrets are only named. */
import { Type, type Static } from 'typebox';
import { SIGNATURE_SCHEMES } from '../triggers/intake/auth.ts';
import { SecretRef } from './secret-schema.ts';

const Closed = <P extends Parameters<typeof Type.Object>[0]>(properties: P) =>
  Type.Object(properties, { additionalProperties: false, default: {} });
/** Two of them for the time of a rotation. */
const Secrets = Type.Array(SecretRef, { minItems: 1, maxItems: 2 });
const Some = (pattern: string) => Type.Array(Type.String({ pattern }), { minItems: 1, maxItems: 100 });

const AUTHS = [
  Closed({ kind: Type.Literal('none') }),
  Closed({ kind: Type.Literal('bearer'), secrets: Secrets }),
  Closed({ kind: Type.Literal('basic'), user: Type.String({ minLength: 1 }), secrets: Secrets }),
  Closed({
    kind: Type.Literal('signature'),
    scheme: Type.Enum([...SIGNATURE_SCHEMES]),
    /** For `aws-sns`: pinned certificates; without them Amazon's are fetched. */
    secrets: Type.Optional(Secrets),
    topics: Type.Optional(Type.Array(Type.String({ pattern: '^arn:' }), { maxItems: 100 })),
  }),
  Closed({
    kind: Type.Literal('oidc'),
    /** Default: https://accounts.google.com. */
    issuer: Type.Optional(Type.String({ pattern: '^https://' })),
    audience: Type.String({ minLength: 1 }),
    emails: Some('^[^@\\s]+@[^@\\s]+$'),
    /** The issuer's keys: an address, or a file of pinned ones. Default: Google's. */
    jwks: Type.Optional(Type.String({ pattern: '^(https://.+|file:/.+)$' })),
  }),
  Closed({
    kind: Type.Literal('mtls'),
    /** DNS names and URIs of the client's certificate. */
    names: Type.Optional(Some('^[^\\s,"]+$')),
    /** SHA-256. */
    fingerprints: Type.Optional(Some('^([0-9A-Fa-f]{2}:?){32}$')),
  }),
  Closed({ kind: Type.Literal('routing-key'), secrets: Secrets }),
] as const;

/** Told apart by `kind`, so that a problem is one of the kind that is meant. */
export const AuthSchema = Type.Unsafe<Static<(typeof AUTHS)[number]>>({
  type: 'object',
  required: ['kind'],
  discriminator: { propertyName: 'kind' },
  oneOf: AUTHS,
});

export type AuthConfig = Static<typeof AuthSchema>;

/** The intake speaks TLS itself. Files are read at start: a new certificate needs a restart. */
export const TlsSchema = Type.Object(
  {
    cert: SecretRef,
    key: SecretRef,
    /** Authority that signs the certificates of senders with auth `mtls`. */
    clientCa: Type.Optional(SecretRef),
  },
  { additionalProperties: false },
);
