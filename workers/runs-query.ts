/** Which runs an operator asks for, as a query of Temporal's visibility. What is quoted is checked first: it comes from a command line. */
import { CommandError, EXIT } from './exit-code.ts';

export interface RunFilter {
  readonly status?: string;
  readonly phase?: string;
  readonly trigger?: string;
  readonly service?: string;
  readonly region?: string;
  /** Started at or after, ms since 1970. */
  readonly since?: number;
}

/** Names of commands and records, with Temporal's own. */
const STATUSES: Readonly<Record<string, string>> = {
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  terminated: 'Terminated',
  canceled: 'Canceled',
  'timed-out': 'TimedOut',
};

/** Every run of ours, by hand or by a trigger, that fits. Rejects an unknown status. */
export function runsQuery(filter: RunFilter): string {
  const { status, since } = filter;
  const attributes = [
    ['TocsinPhase', filter.phase],
    ['TocsinTrigger', filter.trigger],
    ['TocsinService', filter.service],
    ['TocsinRegion', filter.region],
  ] as const;
  return [
    filter.trigger === undefined ? 'TocsinTrigger IS NOT NULL' : '',
    status === undefined ? '' : `ExecutionStatus = '${statusNamed(status)}'`,
    ...attributes.map(([name, value]) => (value === undefined ? '' : `${name} = ${quoted(value)}`)),
    since === undefined ? '' : `StartTime >= '${new Date(since).toISOString()}'`,
  ]
    .filter((condition) => condition !== '')
    .join(' AND ');
}

function statusNamed(name: string): string {
  const status = Object.hasOwn(STATUSES, name) ? STATUSES[name] : undefined;
  if (status !== undefined) return status;
  const known = Object.keys(STATUSES).join(', ');
  throw new CommandError(EXIT.refused, `status ${JSON.stringify(name)} is unknown; expected one of ${known}`);
}

/** The server's parser has its own ideas about escapes, so that what needs one is refused. */
function quoted(value: string): string {
  if (/^[^'"\\\p{Cc}]{1,255}$/u.test(value)) return `'${value}'`;
  throw new CommandError(
    EXIT.refused,
    `${JSON.stringify(value)} cannot be asked for; expected 1 to 255 characters without quotation marks, backslashes and controls`,
  );
}
