/** What an Azure resource id says about the place: whose subscription it is. It never names a region. */
import type { Alert } from '../events/alert.ts';

/** `ids`: candidates with the dotted path each was read from; the first that is a resource id counts. */
export function azureLocation(
  ids: readonly (readonly [id: string | null, from: string])[],
): Pick<Alert['location'], 'cloud' | 'account'> {
  for (const [id, from] of ids) {
    const subscription = /^\/subscriptions\/([^/]+)/i.exec(id ?? '')?.[1];
    if (subscription !== undefined) return { cloud: { value: 'azure', from }, account: { value: subscription, from } };
  }
  return { cloud: null, account: null };
}
