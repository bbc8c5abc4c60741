/** The lines of one region's operator log, after the verifier found it whole. */
import assert from 'node:assert/strict';
import type { EventLog } from '../../triggers/nats/port.ts';
import { type ActLine, createOperatorLog } from '../../triggers/path/operator-log.ts';

export async function wholeActs(log: EventLog, region: string): Promise<ActLine[]> {
  const acts = createOperatorLog(log, region);
  assert.deepEqual((await acts.verify()).problems, []);
  const lines: ActLine[] = [];
  for await (const line of acts.read()) lines.push(line);
  return lines;
}
