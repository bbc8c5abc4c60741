/** What a region's service activities depend on, for services that the configuration would name. */
import { type TargetRule, createAllowedTarget } from '../../activities/allowed-target.ts';
import { type HttpAllow, createHttp } from '../../activities/http.ts';
import { configProvider } from '../../activities/inventory/config-provider.ts';
import { createInventory } from '../../activities/inventory/inventory.ts';
import { type ServiceTarget, createTreatments } from '../../activities/service-treatment.ts';
import type { ActivityDependencies } from '../../activities/index.ts';
import { createClusters } from '../../activities/kubernetes/clusters.ts';

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
    http: createHttp({ allow }),
    clusters: createClusters([]),
  };
}
