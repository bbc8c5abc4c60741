/** The one way from what a source has read to an event that neither fires nor resolves: a deployment, a node's state, an announcement. */
import { type SourceRequest, latestOf } from '../sources/source.ts';
import { type AlertResult, type TextAt, badTime } from './alert-event.ts';
import type { CloudEvent } from './cloud-event.ts';
import { readInstant } from './instant.ts';
import { severityNumber } from './severity.ts';
import { sha256Of } from './sha256-of.ts';

export interface PlainFacts {
  /** Lower case words with dots, the sender's product first: `aws.ec2.state-change`. */
  readonly name: string;
  /** What makes this occurrence itself; equal for a redelivery. */
  readonly identity: readonly unknown[];
  readonly occurred?: TextAt | null;
  readonly severity?: string | null;
  /** The word that it stands for, where only this sender's documentation says so. */
  readonly severityWord?: string | null;
  /** What it is about. */
  readonly subject?: string | null;
  readonly data: unknown;
}

export function plainEvent(request: SourceRequest, facts: PlainFacts): AlertResult {
  const instant = facts.occurred
    ? readInstant(facts.occurred.text, latestOf(request), request.times)
    : { ok: true as const, utc: null };
  if (!instant.ok && facts.occurred) return { ok: false, rejection: badTime(instant.reason, facts.occurred) };
  const time = instant.ok ? instant.utc : null;
  const text = facts.severity ?? null;
  const number = severityNumber(facts.severityWord ?? text);
  const identity = JSON.stringify([request.sender, facts.name, ...facts.identity]);
  const event: CloudEvent = {
    specversion: '1.0',
    id: `event-${sha256Of(identity).slice(0, 32)}`,
    source: `tocsin:/in/${request.sender}`,
    type: `tocsin.event.${facts.name}`,
    datacontenttype: 'application/json',
    recordedtime: request.receivedAt,
    ...(time === null ? {} : { time }),
    ...(facts.subject ? { subject: facts.subject.slice(0, 2_000).toWellFormed() } : {}),
    ...(number === null ? {} : { severitynumber: number }),
    ...(text === null ? {} : { severitytext: text }),
    data: facts.data,
  };
  return { ok: true, event };
}
