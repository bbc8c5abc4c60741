/**
 * Those of the built program, which is what runs this project: its mark of an activity that only looks is its own, as it is for a project that
 * depends on the package.
 */
import type * as source from '../../../../activities/index.ts';

const built = new URL('../../../../dist/activities/index.js', import.meta.url).href;
export const { createActivities } = (await import(built)) as typeof source;
