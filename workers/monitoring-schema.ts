/** What `tocsin.yaml` may say about Prometheus and Alertmanager: those that the activities of a region ask. */
import { Type, type Static } from 'typebox';
import { SecretRef } from './secret-schema.ts';

const Address = Type.Optional(Type.String({ pattern: '^https?://' }));

/** The origins have to be in `http.allow`. */
export const MonitoringSchema = Type.Array(
  Type.Object(
    {
      region: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' }),
      prometheus: Address,
      alertmanager: Address,
      /** Sent to both. */
      bearer: Type.Optional(SecretRef),
    },
    { additionalProperties: false },
  ),
  { maxItems: 100, default: [] },
);

export type MonitoringConfig = Static<typeof MonitoringSchema>[number];

interface Surroundings {
  readonly regions: readonly string[];
  readonly monitoring: readonly MonitoringConfig[];
  readonly http: { readonly allow: readonly { readonly origin: string }[] };
}

/** One line per problem, each with its place. */
export function monitoringProblems({ regions, monitoring, http }: Surroundings): string[] {
  const allowed = http.allow.flatMap(({ origin }) => (URL.canParse(origin) ? [new URL(origin).origin] : []));
  return monitoring.flatMap(({ region, prometheus, alertmanager }, index) => [
    ...(regions.includes(region)
      ? []
      : [`/monitoring/${index}/region: ${region} is not configured; expected one of ${regions.join(', ')}`]),
    ...(monitoring.findIndex((each) => each.region === region) === index
      ? []
      : [`/monitoring/${index}/region: ${region} is there twice`]),
    ...Object.entries({ prometheus, alertmanager }).flatMap(([name, url]) =>
      url === undefined || (URL.canParse(url) && allowed.includes(new URL(url).origin))
        ? []
        : [
            `/monitoring/${index}/${name}: ${url} is not allowed by http.allow; it has: ${allowed.join(', ') || 'nothing'}`,
          ],
    ),
  ]);
}
