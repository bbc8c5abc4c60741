/** What operators decide: is it still there, and readable. */
import type { EventLog } from '../../triggers/nats/port.ts';
import { ControlUnreadable, createControlStore } from '../../triggers/path/control.ts';
import { createLostControl, lossIn } from '../../triggers/path/lost-control.ts';
import { LOST } from '../../triggers/path/stop.ts';
import type { Config } from '../config.ts';
import { type Finding, error } from './finding.ts';

const REMEDY =
  `decide modes, pauses and stops anew (\`tocsin trigger mode | pause\`, \`tocsin stop\`; \`tocsin operator-log list\` tells what they were), ` +
  `then \`tocsin resume --scope ${LOST}\``;

export async function controlFindings(log: EventLog, { regions }: Config): Promise<Finding[]> {
  const findings = await Promise.all(regions.map((region) => findingOf(log, region)));
  return findings.filter((found) => found !== null);
}

async function findingOf(log: EventLog, region: string): Promise<Finding | null> {
  try {
    const control = await createControlStore(log, region).read();
    const loss = lossIn(control);
    if (loss !== null)
      return error(`region ${region} has lost its control record: everything is stopped, since ${loss.at}`, REMEDY);
    return control.stops.length > 0 && (await createLostControl(log, region)(null)) === null
      ? error(
          `region ${region} is stopped, and its operator log has no line of it: were the control record lost, effects would begin`,
          'give the same `tocsin stop` again, so that the line is written',
        )
      : null;
  } catch (failure) {
    if (!(failure instanceof ControlUnreadable)) throw failure;
    return error(failure.message, 'docs/security.md, "What is left", says what to do');
  }
}
