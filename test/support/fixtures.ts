/** Real payloads of real senders, read where they stand. They are no part of this repository: without them their tests are skipped by name. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = process.env['TOCSIN_FIXTURES'] ?? join(import.meta.dirname, '../../../shared/fixtures');

/** Options for `it` or `describe`: skips, and says why, where the folder is absent. */
export const needsFixtures: { readonly skip: string | false } = {
  skip: existsSync(join(FOLDER, 'INDEX.tsv')) ? false : `no payloads at ${FOLDER}; set TOCSIN_FIXTURES`,
};

export interface Fixture {
  readonly file: string;
  readonly raw: Uint8Array;
}

/** Payloads of one kind of sender, as the index names it; empty where the folder is absent. */
export function fixturesOf(source: string): readonly Fixture[] {
  if (needsFixtures.skip !== false) return [];
  return readFileSync(join(FOLDER, 'INDEX.tsv'), 'utf8')
    .split('\n')
    .map((line) => line.split('\t'))
    .flatMap(([file, kind]) => (kind === source && file !== undefined ? [fixture(file)] : []));
}

export const fixture = (file: string): Fixture => ({ file, raw: readFileSync(join(FOLDER, file)) });
