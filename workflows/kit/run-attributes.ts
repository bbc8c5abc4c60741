/** The search attributes that a run is started with. */
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { ORDINARY_PHASE, type RunContext } from './run-context.ts';

const VALUES = {
  TocsinTrigger: ({ trigger }: RunContext) => trigger ?? 'by-hand',
  TocsinAlert: ({ alertKey }: RunContext) => alertKey,
  TocsinRegion: ({ region }: RunContext) => region,
  TocsinService: ({ service }: RunContext) => service,
  TocsinSeverity: ({ severity }: RunContext) => severity,
  TocsinPhase: ({ phases }: RunContext) => (phases === 'exceptional' ? ORDINARY_PHASE : null),
};
/** Of a keyword, in SQL visibility stores. */
const MAX_VALUE = 255;

export const attributesOf = (context: RunContext) =>
  Object.entries(VALUES).flatMap(([name, valueOf]) => {
    const value = valueOf(context);
    const key = defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
    return value === null ? [] : [{ key, value: value.slice(0, MAX_VALUE) }];
  });
