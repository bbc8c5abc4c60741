/** What is wrong with the `during` of triggers: windows and regions that are not configured. At run time such a trigger starts nothing. */
import type { Trigger } from '../../triggers/define-trigger.ts';
import type { Config } from '../config-schema.ts';

export const duringProblems = (
  triggers: readonly Pick<Trigger, 'id' | 'during'>[],
  { windows, regions }: Pick<Config, 'windows' | 'regions'>,
): string[] =>
  triggers.flatMap(({ id, during }) => {
    if (during === undefined) return [];
    const { window: use, region = null } = typeof during === 'string' ? { window: during } : during;
    const { window, over } =
      typeof use === 'string' ? { window: use, over: [] } : { window: use.window, over: use.regions };
    const unknown = (kind: string, name: string, there: readonly string[]): string[] =>
      there.includes(name)
        ? []
        : [
            `trigger ${id}: during: ${kind} ${JSON.stringify(name)} is not configured, expected one of ${there.join(', ') || '(none is there)'}`,
          ];
    return [
      ...unknown('window', window, Object.keys(windows)),
      ...[...over, ...(region === null ? [] : [region])].flatMap((each) => unknown('region', each, regions)),
    ];
  });
