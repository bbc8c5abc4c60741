import { appendFile } from 'node:fs/promises';
import type * as source from '../../../../activities/index.ts';

export interface Noted {
  readonly schedule: string;
  readonly nominal: string;
}

/** Those of the built program, which is what runs this project. */
const built = new URL('../../../../dist/activities/index.js', import.meta.url).href;
const { createActivities: shipped } = (await import(built)) as typeof source;

const acts = {
  /** Into the file TIMED_NOTES; may run twice, and would be seen there. */
  note: ({ schedule, nominal }: Noted): Promise<void> =>
    appendFile(process.env['TIMED_NOTES'] ?? '', `${schedule}/${nominal}\n`),
};

export type TimedActs = typeof acts;

export const createActivities = (dependencies: Parameters<typeof shipped>[0]) => ({
  ...shipped(dependencies),
  ...acts,
});
