/**
 * Service Health and Resource Health write to the activity log, so every message of theirs "fires": what it is about (an incident, a
 * resource) and whether that is over stands in the properties. Maintenance and advice are announcements, and plain events.
 */
import type { AlertStatus } from '../events/alert.ts';
import type { AlertResult, TextAt } from '../events/alert-event.ts';
import { plainEvent } from '../events/plain-event.ts';
import { type Json, textOf } from './read.ts';
import type { SourceRequest } from './source.ts';

export interface AzureHealth {
  /** What is sick; null when the message does not name it. */
  readonly key: string | null;
  readonly status: AlertStatus;
  readonly statusText: string;
}

/** Stages that are over; the root cause analysis follows a resolved incident. */
const OVER = new Set(['resolved', 'complete', 'canceled', 'cancelled', 'rca']);
const STAGES = new Set(['active', 'inprogress']);
/** Stages of maintenance only: they tell it where the type is not said. */
const AHEAD = new Set(['planned', 'rescheduled']);
const HEALTH: Readonly<Record<string, AlertStatus>> = {
  available: 'resolved',
  unavailable: 'firing',
  degraded: 'firing',
};

/** What is planned or merely told: nothing is sick, nothing will be well. */
const ANNOUNCEMENTS = new Set(['maintenance', 'informational', 'actionrequired']);

/** Null when it is no message of Service Health, or one about an incident. */
export function announcement(
  request: SourceRequest,
  service: string | null,
  properties: Json,
  message: { readonly occurred: TextAt | null; readonly entry: string | null; readonly data: unknown },
): AlertResult | null {
  const isAhead = AHEAD.has(textOf(properties['stage'])?.toLowerCase() ?? '');
  const type = textOf(properties['incidentType'])?.toLowerCase() ?? (isAhead ? 'maintenance' : '');
  if (writerOf(service) !== 'servicehealth' || !ANNOUNCEMENTS.has(type)) return null;
  const tracking = textOf(properties['trackingId']);
  return plainEvent(request, {
    name: `azure.service-health.${type}`,
    identity: [tracking, properties['stage'] ?? null, message.entry ?? message.occurred?.text ?? request.rawSha256],
    occurred: message.occurred,
    subject: tracking ?? textOf(properties['title']),
    data: message.data,
  });
}

const writerOf = (service: string | null): string => (service ?? '').toLowerCase().replaceAll(/[^a-z]/g, '');

/** `service`: who wrote the message, in any spelling; null when it is another one or says nothing about health. */
export function azureHealth(
  service: string | null,
  properties: Json,
  target: string | null,
  subscription: string | null,
): AzureHealth | null {
  const writer = writerOf(service);
  const stage = writer === 'servicehealth' ? textOf(properties['stage']) : null;
  if (stage !== null) {
    const tracking = textOf(properties['trackingId']);
    const word = stage.toLowerCase();
    return {
      // One incident is told to many subscriptions, and ends for each of them by itself.
      key:
        tracking === null
          ? null
          : ['service-health', tracking, ...(subscription === null ? [] : [subscription.toLowerCase()])].join(':'),
      status: OVER.has(word) ? 'resolved' : STAGES.has(word) ? 'firing' : 'unknown',
      statusText: stage,
    };
  }
  const health = writer === 'resourcehealth' ? textOf(properties['currentHealthStatus']) : null;
  if (health === null) return null;
  return {
    key: target === null ? null : `resource-health:${target.toLowerCase()}`,
    status: wordIn(HEALTH, health),
    statusText: health,
  };
}

/** The status of this word, in any case of letters. */
export function wordIn(words: Readonly<Record<string, AlertStatus>>, text: string): AlertStatus {
  const word = text.toLowerCase();
  return Object.hasOwn(words, word) ? (words[word] ?? 'unknown') : 'unknown';
}

/** The subscription that a resource id names. */
export const subscriptionOf = (id: string | null): string | null =>
  /^\/subscriptions\/([^/]+)/i.exec(id ?? '')?.[1] ?? null;
