/** The databases that the configuration names, each with its address. A provider cannot add one: it knows no secrets. */
import { CONFIG_PROVIDER } from '../inventory/config-provider.ts';
import type { Target } from '../inventory/target.ts';
import { permanent } from '../permanent.ts';
import type { DatabaseAddress } from './session.ts';

export interface ConfiguredDatabase extends DatabaseAddress {
  readonly region: string;
}

/** Kind of the targets that are databases. */
export const DATABASE_KIND = 'postgres';

/** Throws `NoDatabase` (final) for a target that is none. */
export type DatabaseOf = (target: Target) => DatabaseAddress;

export function createDatabases(databases: readonly ConfiguredDatabase[]): DatabaseOf {
  const byPlace = new Map(databases.map((database) => [`${database.region}/${database.name}`, database]));
  return ({ id, kind, region, provider }) => {
    const database =
      kind === DATABASE_KIND && provider === CONFIG_PROVIDER ? byPlace.get(`${region}/${id}`) : undefined;
    if (database !== undefined) return database;
    throw permanent(
      'NoDatabase',
      `target ${id} of region ${region} is of kind ${kind}, expected a database that tocsin.yaml names under postgres`,
    );
  };
}
