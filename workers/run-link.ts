/** Where an operator opens a run in the Temporal web UI. */
import type { Config } from './config.ts';
import { temporalTargetOf } from './connect.ts';

/** Null when the cluster is the operator's own and the configuration does not say where its UI is. */
export function uiUrlOf(config: Config): string | null {
  if (temporalTargetOf(config).external) return config.temporal.uiUrl ?? null;
  return `http://127.0.0.1:${config.temporal.uiPort}`;
}

export const runLink = (uiUrl: string, namespace: string, workflowId: string, runId: string): string =>
  `${uiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${encodeURIComponent(runId)}`;
