/** Signs that a window is open for one run, in the form that the run's worker checks. */
import { sign } from 'node:crypto';
import { canonical } from '../../workflows/kit/canonical.ts';
import { type OverridePayload, type SignedOverride, signedOverrideText } from '../../workflows/kit/window-message.ts';
import type { SigningKey } from '../approval-key.ts';

export function signOverride(
  { entry, privateKey }: SigningKey,
  override: Omit<OverridePayload, 'v' | 'person'>,
): SignedOverride {
  const payload = canonical({ ...override, v: 1, person: entry.person });
  const signature = sign(null, Buffer.from(signedOverrideText(payload)), privateKey).toString('base64');
  return { payload, key: entry.id, signature };
}
