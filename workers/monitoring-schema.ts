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
      /** Names of senders: every alert they send is one that this Alertmanager knows, so it is asked about those that come too late. */
      answersFor: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 100 })),
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
  readonly intake: { readonly senders: readonly { readonly name: string; readonly kind: string }[] };
  readonly http: { readonly allow: readonly { readonly origin: string }[] };
}

/** One line per problem, each with its place. */
export function monitoringProblems({ regions, monitoring, intake, http }: Surroundings): string[] {
  const allowed = http.allow.flatMap(({ origin }) => (URL.canParse(origin) ? [new URL(origin).origin] : []));
  const senders = intake.senders.filter(({ kind }) => kind.startsWith('alertmanager')).map(({ name }) => name);
  return monitoring.flatMap(({ region, prometheus, alertmanager, answersFor = [] }, index) => [
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
    ...(alertmanager === undefined && answersFor.length > 0
      ? [`/monitoring/${index}/answersFor: there is no alertmanager beside it that could be asked`]
      : []),
    ...answersFor.flatMap((name) =>
      senders.includes(name)
        ? []
        : [
            `/monitoring/${index}/answersFor: ${name} is no sender of kind alertmanager; those are: ${senders.join(', ') || 'none'}`,
          ],
    ),
  ]);
}
