/** The inventory of a worker process: read again and again, its changes logged, its unusable providers seen by `/readyz`. */
import type { Logger } from 'pino';
import type { Inventory } from '../../activities/inventory/inventory.ts';
import { keepFresh } from '../../activities/inventory/keep-fresh.ts';
import type { ProviderStatus } from '../../activities/inventory/provider.ts';
import { pause } from '../../triggers/path/pause.ts';
import type { RoleContext } from '../roles/role-context.ts';
import { openInventory } from './open-inventory.ts';

/** Bound on ending a reading in progress; a request that takes longer is left behind. */
const CLOSE_MS = 3_000;

/** Does not wait for the first readings: until then a step that needs them is tried again by Temporal. */
export function startInventory({ config, lifecycle, logger, health }: RoleContext): Inventory {
  const { inventory, providers } = openInventory(config);
  const log = logger.child({ part: 'inventory' });
  const fresh = keepFresh(providers, { pause, onChange: (status) => tell(log, status) });
  lifecycle.onClose('inventory', CLOSE_MS, () => fresh.close());
  for (const provider of providers)
    health.addCheck(`inventory ${provider.status().name}`, () => provider.status().state !== 'unusable');
  return inventory;
}

function tell(logger: Logger, { name, state, targets, ageMs, why, refused, refusedCount }: ProviderStatus): void {
  const fields = { provider: name, state, targets, ageMs, why, refused, refusedCount };
  if (why === null && refusedCount === 0) logger.info(fields, 'targets are read');
  else logger.warn(fields, state === 'unusable' ? 'targets are unusable' : 'targets are read with problems');
}
