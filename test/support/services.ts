/** What a region's activities depend on, for services that the configuration would name. */
import { type TargetRule, createAllowedTarget } from '../../activities/allowed-target.ts';
import type { ActivityDependencies } from '../../activities/index.ts';
import { type HttpAllow, createHttp } from '../../activities/http.ts';
import { configProvider } from '../../activities/inventory/config-provider.ts';
import { createInventory } from '../../activities/inventory/inventory.ts';
import { type ServiceTarget, createTreatments } from '../../activities/service-treatment.ts';
import { createDatabases } from '../../activities/postgres/databases.ts';

export interface ServicesOptions {
  readonly region: string;
  readonly services: readonly ServiceTarget[];
  readonly allow: readonly HttpAllow[];
  readonly rules?: readonly TargetRule[];
}

export function servicesOf({ region, services, allow, rules = [] }: ServicesOptions): ActivityDependencies {
  const targets = services.map(({ name, region: home, labels = {} }) => ({
    id: name,
    kind: 'service',
    service: name,
    region: home,
    labels,
  }));
  const inventory = createInventory([configProvider(targets)]);
  return {
    allowedTarget: createAllowedTarget({ region, inventory, rules }),
    treatmentOf: createTreatments(services, {}),
    databaseOf: createDatabases([]),
    prometheus: null,
    alertmanager: null,
    http: createHttp({ allow }),
  };
}
