/** What no schema can say about channels: each name once, and none that is asked through but not there. */
import type { Config } from '../config-schema.ts';

/** One line for each contradiction, with its place. */
export function channelProblems({ notify, approvals }: Pick<Config, 'notify' | 'approvals'>): string[] {
  const names = notify.channels.map(({ name }) => name);
  const known = new Set(names.filter((name) => name !== undefined));
  const twice = [...known].filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
  return [
    ...twice.map((name) => `/notify/channels: ${name} is there twice`),
    ...Object.entries(approvals.channels).flatMap(([runbook, asked]) =>
      asked
        .filter((name) => !known.has(name))
        .map(
          (name) =>
            `/approvals/channels/${runbook}: no channel of /notify/channels is named ${name}, expected one of ${[...known].join(', ') || 'none'}`,
        ),
    ),
  ];
}
