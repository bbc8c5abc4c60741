/** A reference to a secret, as the configuration writes it; never the secret itself. */
import { Type } from 'typebox';

export const SecretRef = Type.String({ pattern: '^(env:[A-Z][A-Z0-9_]*|file:/.+)$' });
