/** What the shipped triggers start for an alert: read as the intake reads it, decoded and planned as the trigger process does, in a new episode each. */
import { accept } from '../../triggers/intake/accept.ts';
import { triggers } from '../../triggers/index.ts';
import { NO_CONTROL } from '../../triggers/path/control.ts';
import { decode } from '../../triggers/path/decode.ts';
import { plan } from '../../triggers/path/planner.ts';
import type { StartRequest } from '../../triggers/path/ports.ts';
import { startRequest } from '../../triggers/path/start-request.ts';
import { alertmanager } from '../../triggers/sources/alertmanager.ts';

const STREAM = 'EVENTS_EU';

/** `body`: what an Alertmanager sends. */
export async function plannedStarts(body: object, region: string): Promise<StartRequest[]> {
  const stored: Uint8Array[] = [];
  const log = {
    publish: (_subject: string, data: Uint8Array) =>
      Promise.resolve({ stream: STREAM, sequence: stored.push(data), duplicate: false }),
  };
  const raw = Buffer.from(JSON.stringify(body));
  const request = { sender: 'am', headers: {}, contentType: 'application/json', raw };
  const receivedAt = new Date().toISOString();
  await accept({ ...request, receivedAt }, alertmanager, { log, region, knownTypes: new Set() });
  return stored.flatMap((data, index) => {
    const position = { stream: STREAM, sequence: index + 1, storedAt: Date.now() };
    const decoded = decode({ ...position, subject: '', headers: {}, data }, new Set(), position.storedAt);
    if (!decoded.ok) throw new Error(decoded.message);
    const { starts } = plan({
      event: decoded.event,
      position,
      asOf: position,
      triggers,
      episode: null,
      handledAt: position.storedAt,
      control: NO_CONTROL,
      regionOf: () => region,
      reorderBoundMs: 10_000,
    });
    return starts.map((start) => startRequest(decoded, position, start));
  });
}
