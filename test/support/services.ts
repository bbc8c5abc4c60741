/** What a region's activities depend on, for services that the configuration would name. */
import { createAllowedTarget } from '../../activities/allowed-target.ts';
import type { TargetRule } from '../../activities/target-rule.ts';
import type { ActivityDependencies } from '../../activities/index.ts';
import { type HttpAllow, createHttp } from '../../activities/http.ts';
import { configProvider } from '../../activities/inventory/config-provider.ts';
import { createInventory } from '../../activities/inventory/inventory.ts';
import { type ServiceTarget, createTreatments } from '../../activities/service-treatment.ts';
import { createDatabases } from '../../activities/postgres/databases.ts';
import { type HostEntry, createHosts } from '../../activities/ssh-hosts.ts';
import { type Ssh, noSsh } from '../../activities/ssh.ts';
import type { DiskDefinition } from '../../activities/disk-definition.ts';
import { createClusters } from '../../activities/kubernetes/clusters.ts';

export interface ServicesOptions {
  readonly region: string;
  readonly services: readonly ServiceTarget[];
  readonly allow: readonly HttpAllow[];
  readonly rules?: readonly TargetRule[];
  readonly ssh?: Ssh;
  readonly hosts?: readonly HostEntry[];
  readonly disks?: readonly DiskDefinition[];
}

type Named = Pick<HostEntry, 'name' | 'region' | 'labels'>;

export function servicesOf({
  region,
  services,
  allow,
  rules = [],
  ssh = noSsh,
  hosts = [],
  disks = [],
}: ServicesOptions): ActivityDependencies {
  const target = ({ name, region: home, labels = {} }: Named, kind: string) => ({
    id: name,
    kind,
    service: name,
    region: home,
    labels,
  });
  const targets = [...services.map((each) => target(each, 'service')), ...hosts.map((each) => target(each, 'host'))];
  const inventory = createInventory([configProvider(targets)]);
  return {
    allowedTarget: createAllowedTarget({ region, inventory, rules }),
    treatmentOf: createTreatments(services, {}),
    databaseOf: createDatabases([]),
    prometheus: null,
    alertmanager: null,
    http: createHttp({ allow }),
    ssh,
    hostOf: createHosts(hosts, 'tocsin'),
    disks,
    clusters: createClusters([]),
  };
}
