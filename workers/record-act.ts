/** Called by every command that changes something, before it does. */
import { hostname } from 'node:os';
import type { EventLog } from '../triggers/nats/port.ts';
import { createOperatorLog } from '../triggers/path/operator-log.ts';
import { userName } from './user-name.ts';

export interface ActRequest {
  readonly what: string;
  /** What it is done to. */
  readonly where: string;
  readonly why?: string;
}

/** One line in each region's log. Rejects when a line cannot be stored; then the command must not act. */
export async function recordAct(log: EventLog, regions: readonly string[], request: ActRequest): Promise<void> {
  const act = { why: '', ...request, by: `${userName()}@${hostname()}` };
  for (const region of regions) await createOperatorLog(log, region).append(act);
}
