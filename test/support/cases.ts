/** Cases of other projects, read where they stand; without them their tests are skipped by name. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = process.env['TOCSIN_CASES'] ?? join(import.meta.dirname, '../../../shared/cases');

export const needsCases: { readonly skip: string | false } = {
  skip: existsSync(FOLDER) ? false : `no cases at ${FOLDER}; set TOCSIN_CASES`,
};

export const casesIn = <Cases>(file: string): Cases =>
  (JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { cases: Cases }).cases;
