/** What no schema can say about the inventory: names that clash, and values that fit alone and not together. */
import { CONFIG_PROVIDER } from '../../activities/inventory/config-provider.ts';
import type { Config } from '../config-schema.ts';
import type { ProviderConfig } from './inventory-schema.ts';
import { providerTimes } from './provider-times.ts';

/** One line per problem, each with its place; nothing is repeated that the schema has said. */
export const inventoryProblems = (config: Config): string[] => [
  ...duplicates(config.services.map(place)).map((service) => `/services: ${service} is there twice`),
  ...duplicates([...new Set(config.services.map(place)), ...config.postgres.map(place)]).map(
    (database) => `/postgres: ${database} is there twice, or is a service as well`,
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

const place = ({ name, region }: { readonly name: string; readonly region: string }): string => `${name} in ${region}`;

const duplicates = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
];
