/** The inventory as the configuration wants it: `services`, `hosts` and `postgres` first, then each provider. Nothing is read before its providers are refreshed. */
import { join, resolve } from 'node:path';
import { createHttp } from '../../activities/http.ts';
import { configProvider } from '../../activities/inventory/config-provider.ts';
import { type Inventory, createInventory } from '../../activities/inventory/inventory.ts';
import { type InventoryProvider, createProvider } from '../../activities/inventory/provider.ts';
import {
  type InventorySource,
  MAX_ANSWER_BYTES,
  commandSource,
  fileSource,
  httpSource,
} from '../../activities/inventory/source.ts';
import { DATABASE_KIND } from '../../activities/postgres/databases.ts';
import type { Target } from '../../activities/inventory/target.ts';
import { HOST_KIND, type HostEntry } from '../../activities/ssh-hosts.ts';
import { type Config, readSecret } from '../config.ts';
import type { ProviderConfig } from './inventory-schema.ts';
import { providerTimes } from './provider-times.ts';

export interface OpenInventory {
  readonly inventory: Inventory;
  readonly providers: readonly InventoryProvider[];
}

export function openInventory(config: Config): OpenInventory {
  const providers = [
    configProvider([
      ...config.services.map((service) => configured(service, 'service')),
      ...config.hosts.map((host) => configured(host, HOST_KIND)),
      ...config.postgres.map(({ name, region, service = name, labels = {} }) => ({
        id: name,
        kind: DATABASE_KIND,
        service,
        region,
        labels,
      })),
    ]),
    ...config.inventory.providers.map((provider) => open(provider, config)),
  ];
  return { inventory: createInventory(providers), providers };
}

const configured = (
  { name, region, labels = {} }: Pick<HostEntry, 'name' | 'region' | 'labels'>,
  kind: string,
): Omit<Target, 'provider'> => ({ id: name, kind, service: name, region, labels });

function open(provider: ProviderConfig, config: Config): InventoryProvider {
  const { refreshMs, maxAgeMs } = providerTimes(provider);
  return createProvider({
    name: provider.name,
    source: sourceOf(provider, config),
    regions: provider.regions ?? config.regions,
    maxTargets: config.inventory.maxTargets,
    refreshMs,
    maxAgeMs,
    file: join(resolve(config.dataDir), 'inventory', `${provider.name}.json`),
    now: Date.now,
  });
}

function sourceOf(provider: ProviderConfig, config: Config): InventorySource {
  const { timeoutMs } = providerTimes(provider);
  if (provider.kind === 'file') return fileSource(resolve(provider.path));
  if (provider.kind === 'command') return commandSource(provider.argv, timeoutMs);
  const { bearer } = provider;
  const http = createHttp({ allow: config.http.allow, timeoutMs, maxBodyBytes: MAX_ANSWER_BYTES + 1 });
  return httpSource(provider.url, http, bearer === undefined ? undefined : () => readSecret(bearer));
}
