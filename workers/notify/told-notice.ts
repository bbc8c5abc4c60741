/** What a run itself tells, as a notice. */
import type { RunNotice, Tell } from '../../activities/tell.ts';
import { runLink } from '../run-link.ts';
import type { Notice } from './channel.ts';

export interface ToldWhere {
  /** Of the Temporal UI, null when it is not known. */
  readonly uiUrl: string | null;
  /** By runbook, through which channels its questions go. */
  readonly channels: Readonly<Record<string, readonly string[]>>;
}

export function toldNotice(
  { about, severity, title, text }: RunNotice,
  { namespace, workflowId, runId, runbook }: Parameters<Tell>[1],
  { uiUrl, channels }: ToldWhere,
): Notice {
  const asked = /^(approval|question) /.test(about) ? channels[runbook] : undefined;
  return {
    key: `run/${workflowId}/${about}`,
    severity,
    title,
    text: `${text}\nrun: ${workflowId}`,
    link: uiUrl === null ? null : runLink(uiUrl, namespace, workflowId, runId),
    at: Date.now(),
    ...(asked === undefined ? {} : { channels: asked }),
  };
}
