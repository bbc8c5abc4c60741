/** The profile of an installation, and what is allowed in it although it is unsafe. */
import { Type } from 'typebox';

export const EXCEPTIONS = [
  'dev-server',
  'no-auth',
  'clear-text',
  'default-sync',
  'readable-secrets',
  'open-intake',
] as const;
export type Exception = (typeof EXCEPTIONS)[number];

export const PRODUCTION = {
  /** `production` refuses to start on what is unsafe. */
  profile: Type.Enum(['development', 'production'], { default: 'development' }),
  /** What `production` accepts all the same. */
  allow: Type.Array(Type.Enum([...EXCEPTIONS]), { uniqueItems: true, default: [] }),
};
