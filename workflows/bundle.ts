/** Everything the runbook workers can run: the runbooks, and Tocsin's own workflows. */
export * from './index.ts';
export * from './engine/index.ts';
