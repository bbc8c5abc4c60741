/** Tocsin's own workflows. The name of each export is its workflow type; keep it stable. */
export { tocsinLimit } from './limit-workflow.ts';
export { scheduleFired } from './schedule-fired.ts';
