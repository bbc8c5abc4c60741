export { createActivities } from '../../../../activities/index.ts';
