/** Front door of the runbooks that are measured as runbooks. */
export { repairByKit, waitsForAMonth } from './repair-by-kit.ts';
