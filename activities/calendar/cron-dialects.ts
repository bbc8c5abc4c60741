/**
 * Forms of other programs that cannot be read here, or would be read as another schedule: refused in words that say how to write them.
 */
import { badCron } from './cron-field.ts';

/** Throws CalendarError `bad-cron`. */
export function refuseDialects(expression: string, fields: readonly string[]): void {
  const found = DIALECTS.find(({ is }) => is(expression, fields));
  if (found !== undefined) throw badCron(`${JSON.stringify(expression)} ${found.says}`);
}

interface Dialect {
  readonly is: (expression: string, fields: readonly string[]) => boolean;
  readonly says: string;
}

const DIALECTS: readonly Dialect[] = [
  {
    is: (expression) =>
      /[\d*]:[\d*]|\.\.|\*-[\d*]+[-~]/.test(expression) ||
      /^(?:minutely|hourly|daily|weekly|monthly|quarterly|semi-?annually|annually|yearly)$/i.test(expression),
    says: "reads as systemd's OnCalendar; expected the fields of cron, like 30 2 * * mon-fri, or a word like @daily",
  },
  {
    // fugit and rufus-scheduler: `0 5 * * * Europe/Berlin`. `MON/2` is no place.
    is: (_, fields) => fields.length > 5 && /^(?:UTC|[A-Z][A-Za-z_]+\/[A-Z].*)$/.test(fields.at(-1) ?? ''),
    says: 'ends with a zone; expected it apart, or in front like CRON_TZ=Europe/Berlin 0 5 * * *',
  },
  {
    is: (expression) => /^(?:cron|rate|at)\s*\(/i.test(expression),
    says: "is EventBridge's; expected the fields alone, seconds first where there are more than five, weekdays by name; or @every 90m",
  },
  {
    is: (expression) => /^@reboot$/i.test(expression),
    says: 'is no point in time; expected a time of day, or an elapsed time like @every 90m',
  },
  {
    // Jenkins, croniter and OpenBSD: `H/15`, `H(0-29)`, `R`, `0~30`.
    is: (_, fields) => fields.some((field) => /(?:^|,)[HR](?:$|[,/(])|~/i.test(field)),
    says: 'leaves a number to a hash or to chance; expected that number, and jitter to spread what fires at once',
  },
  {
    is: (_, fields) => fields.some((field) => field.startsWith('#')),
    says: 'has a field that begins with #, a comment or a blank too many; expected the fields alone, and fri#2 in one word',
  },
  {
    // Five fields and a year; `?` stands for a day, so that these two are the day fields there.
    is: (_, fields) =>
      fields.length === 6 &&
      (/\d{4}/.test(fields[5] ?? '') || [fields[2], fields[4]].some((field) => field?.includes('?'))),
    says: 'reads as five fields and a year, but six fields have seconds first; expected seven, with 0 in front, and weekdays by name',
  },
];
