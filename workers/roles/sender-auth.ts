/** The authentication of a sender, as configured, with what it stands on: secrets are read, keys are pinned or fetched when needed. */
import type { Auth } from '../../triggers/intake/auth.ts';
import { fetchedKeys, pinnedKeys } from '../../triggers/intake/oidc.ts';
import { createSnsCertificates } from '../../triggers/intake/signatures/sns-certificates.ts';
import type { AuthConfig } from '../auth-schema.ts';
import { readSecret } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';

const GOOGLE = { issuer: 'https://accounts.google.com', jwks: 'https://www.googleapis.com/oauth2/v3/certs' } as const;

/** Rejects when a secret is missing or a file of keys is none. */
export function senderAuth(auth: AuthConfig): Auth {
  switch (auth.kind) {
    case 'none':
      return auth;
    case 'bearer':
    case 'basic':
    case 'routing-key':
      return { ...auth, secrets: read(auth.secrets) };
    case 'signature': {
      const { secrets = [], topics, ...rest } = auth;
      return {
        ...rest,
        secrets: read(secrets),
        ...(topics === undefined ? {} : { topics }),
        ...(auth.scheme === 'aws-sns' && secrets.length === 0 ? { certificates: createSnsCertificates() } : {}),
      };
    }
    case 'oidc': {
      const { issuer = GOOGLE.issuer, jwks = GOOGLE.jwks, ...rest } = auth;
      return { ...rest, issuer, keys: jwks.startsWith('file:') ? pinned(jwks) : fetchedKeys(jwks) };
    }
    case 'mtls':
      return { kind: 'mtls', names: auth.names ?? [], fingerprints: auth.fingerprints ?? [] };
  }
}

const read = (references: readonly string[]): readonly string[] => references.map((each) => readSecret(each));

function pinned(reference: string) {
  try {
    return pinnedKeys(readSecret(reference));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(EXIT.refused, `${reference} holds no JSON Web Key Set: ${String(error)}`, error);
  }
}
