/** The databases of the configuration, as activities want them: each with its address behind a secret. */
import type { ConfiguredDatabase } from '../activities/postgres/databases.ts';
import { readSecret } from './config.ts';
import type { DatabaseConfig } from './postgres-schema.ts';

/** Their secrets are read for each session, so that one that is changed is taken up. */
export const configuredDatabases = (databases: readonly DatabaseConfig[]): readonly ConfiguredDatabase[] =>
  databases.map(({ name, region, url, tls, ca }) => ({
    name,
    region,
    tls,
    url: () => readSecret(url),
    ...(ca === undefined ? {} : { ca: () => readSecret(ca) }),
  }));
