/** A reference to a secret, as the configuration writes it; never the secret itself. */
import { Type } from 'typebox';

export const SECRET_REFERENCE = '^(env:[A-Z][A-Z0-9_]*|file:/.+)$';
export const SecretRef = Type.String({ pattern: SECRET_REFERENCE });
