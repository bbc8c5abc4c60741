/** What a run itself tells, as a notice. */
import type { RunNotice, Tell } from '../../activities/tell.ts';
import { runLink } from '../run-link.ts';
import type { Notice } from './channel.ts';

/** `uiUrl`: of the Temporal UI, null when it is not known. */
export function toldNotice(
  { about, severity, title, text }: RunNotice,
  { namespace, workflowId, runId }: Parameters<Tell>[1],
  uiUrl: string | null,
): Notice {
  return {
    key: `run/${workflowId}/${about}`,
    severity,
    title,
    text: `${text}\nrun: ${workflowId}`,
    link: uiUrl === null ? null : runLink(uiUrl, namespace, workflowId, runId),
    at: Date.now(),
  };
}
