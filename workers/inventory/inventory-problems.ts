/** What no schema can say about the inventory: names that clash, and values that fit alone and not together. */
import { CONFIG_PROVIDER } from '../../activities/inventory/config-provider.ts';
import type { Config } from '../config-schema.ts';
import type { ServiceTreatment } from '../../activities/service-treatment.ts';
import type { ProviderConfig } from './inventory-schema.ts';
import { providerTimes } from './provider-times.ts';

/** One line per problem, each with its place; nothing is repeated that the schema has said. */
export const inventoryProblems = (config: Config): string[] => [
  ...duplicates(
    [...config.services, ...config.hosts, ...config.postgres].map(({ name, region }) => `${name} in ${region}`),
  ).map((target) => `/services: ${target} is there twice, expected each name once, hosts and databases included`),
  ...config.hosts
    .filter(({ region }) => !config.regions.includes(region))
    .map(({ name, region }) => `/hosts: ${name} is in ${region}, expected one of ${config.regions.join(', ')}`),
  ...config.services.flatMap((service, index) =>
    treatmentProblems(service, config).map((problem) => `/services/${index}${problem}`),
  ),
  ...Object.entries(config.inventory.treatments).flatMap(([kind, treatment]) =>
    treatmentProblems(treatment, config).map((problem) => `/inventory/treatments/${kind}${problem}`),
  ),
  ...config.postgres.flatMap(({ name, region }, index) =>
    config.regions.includes(region)
      ? []
      : [`/postgres/${index}/region: ${name} is in ${region}, expected one of ${config.regions.join(', ')}`],
  ),
  ...duplicates([CONFIG_PROVIDER, ...config.inventory.providers.map(({ name }) => name)]).map(
    (name) =>
      `/inventory/providers: ${name} is there twice${name === CONFIG_PROVIDER ? '; it stands for `services`' : ''}`,
  ),
  ...config.inventory.providers.flatMap((provider, index) =>
    providerProblems(provider, config).map((problem) => `/inventory/providers/${index}${problem}`),
  ),
];

function treatmentProblems(treatment: Partial<ServiceTreatment>, { ssh }: Config): string[] {
  const commands = ['health', 'status', 'restart'].filter((key) => !Object.hasOwn(treatment, key));
  if (!('systemd' in treatment)) return commands.map((key) => `/${key}: is missing, or systemd in place of it`);
  return [
    ...['status', 'restart'].filter((key) => !commands.includes(key)).map((key) => `/${key}: is there beside systemd`),
    ...(ssh === undefined ? ['/systemd: needs ssh, and the configuration has none'] : []),
  ];
}

function providerProblems(provider: ProviderConfig, { regions, http }: Config): string[] {
  const { refreshMs, maxAgeMs } = providerTimes(provider);
  const unknown = (provider.regions ?? []).filter((region) => !regions.includes(region));
  const allowed = http.allow.flatMap(({ origin }) => (URL.canParse(origin) ? [new URL(origin).origin] : []));
  return [
    ...(maxAgeMs > refreshMs
      ? []
      : [`/maxAge: ${maxAgeMs} ms is not longer than refresh, ${refreshMs} ms; it would always be unusable`]),
    ...(unknown.length === 0
      ? []
      : [`/regions: ${unknown.join(', ')} is not configured; expected some of ${regions.join(', ')}`]),
    ...(provider.kind !== 'http' || (URL.canParse(provider.url) && allowed.includes(new URL(provider.url).origin))
      ? []
      : [`/url: ${provider.url} is not allowed by http.allow; it has: ${allowed.join(', ') || 'nothing'}`]),
  ];
}
const duplicates = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
];
