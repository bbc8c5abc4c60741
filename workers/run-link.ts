/** Where an operator opens a run in the Temporal web UI. */
export const runLink = (uiUrl: string, namespace: string, workflowId: string, runId: string): string =>
  `${uiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}/${encodeURIComponent(runId)}`;
