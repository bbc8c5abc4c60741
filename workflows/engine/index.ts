/** Tocsin's own workflows. The name of each export is its workflow type; keep it stable. */
export { scheduleFired } from './schedule-fired.ts';
