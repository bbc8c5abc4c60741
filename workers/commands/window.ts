/** `tocsin window explain | preview`: whether a window of the configuration is open and why, and what it comes to. Needs no server. */
import { writeFileSync } from 'node:fs';
import { instantText } from '../../activities/calendar/instant-text.ts';
import type { Span } from '../../activities/calendar/spans.ts';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { windowName } from '../../workflows/kit/window-message.ts';
import { type Config, loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { readInstant } from '../read-instant.ts';
import { previewSvg } from '../windows/preview-svg.ts';
import { previewText } from '../windows/preview-text.ts';
import { type WindowPreview, localText, previewWindow } from '../windows/window-preview.ts';
import { configuredWindows, windowDefinitions, zoneOf } from '../windows/windows-config.ts';
import { type CommonOptions, output } from './session.ts';

export interface WindowCommand extends CommonOptions {
  readonly name: string;
  /** RFC 3339; default: now. */
  readonly at?: string;
  /** Regions, or zones; default: every region of the configuration. */
  readonly regions: readonly string[];
}

export function explainWindow(options: WindowCommand): number {
  const config = configOf(options);
  const windows = configuredWindows(config);
  const at = readInstant('--at', options.at);
  const answers = placesOf(config, options).map((where) => ({ where, ...windows.at(options.name, where, at * 1_000) }));
  const rows = answers.map(({ where, open, opensAt, closesAt, why, doubt, tz }) => ({
    where,
    open,
    opensAt: utc(opensAt),
    closesAt: utc(closesAt),
    why,
    doubt,
    tzdb: tz,
  }));
  const lines = rows.map(
    ({ where, why, opensAt, closesAt }) =>
      `${where}: ${why}\n  in UTC: ${opensAt === null ? '' : `opens ${opensAt}, `}${closesAt === null ? 'no end within 400 days' : `closes ${closesAt}`}`,
  );
  const head = `${options.name} at ${instantText(at)} (tzdb ${rows[0]?.tzdb ?? 'unknown'})`;
  output(options, { window: options.name, at: instantText(at), places: rows }, [head, ...lines].join('\n'));
  // A doubt has to be cleared up: nothing acts while it lasts.
  return rows.some(({ doubt }) => doubt) ? EXIT.failed : EXIT.ok;
}

export interface PreviewWindowCommand extends WindowCommand {
  readonly days: string;
  /** File for the calendar strip; `-`: stdout, instead of text. */
  readonly svg?: string;
}

const MAX_DAYS = 400;

export function previewNamedWindow(options: PreviewWindowCommand): number {
  const days = Number(options.days);
  if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS)
    throw new CommandError(EXIT.refused, `--days ${options.days}; expected 1 to ${MAX_DAYS}`);
  const config = configOf(options);
  const at = readInstant('--at', options.at);
  const places = placesOf(config, options);
  const previews = places.map((where) => previewOf(config, { use: options.name, where, from: at, days }));
  const [first, ...more] = previews;
  if (options.svg !== undefined && first !== undefined) {
    if (more.length > 0)
      throw new CommandError(EXIT.refused, `an SVG shows one place; name it with --region: ${places.join(', ')}`);
    const svg = previewSvg(first, at);
    if (options.svg === '-') process.stdout.write(svg);
    else writeFileSync(options.svg, svg);
    if (options.svg === '-') return EXIT.ok;
  }
  output(options, { window: options.name, places: previews.map(jsonOf) }, previews.map(previewText).join('\n\n'));
  return EXIT.ok;
}

function previewOf(config: Config, asked: Parameters<typeof previewWindow>[0]): WindowPreview {
  try {
    return previewWindow(asked, windowDefinitions(config), openZoneData({ env: process.env }), zoneOf(config));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      EXIT.refused,
      `window ${windowName(asked.use)} in ${asked.where} is closed by doubt: ${why}`,
      error,
    );
  }
}

function jsonOf({ where, zone, span, open, excluded, changes }: WindowPreview) {
  const both = ({ from, to }: Span) => ({
    from: instantText(from),
    to: instantText(to),
    localFrom: localText(zone, from),
    localTo: localText(zone, to),
    minutes: (to - from) / 60,
  });
  return {
    where,
    zone: zone.id,
    tzdb: zone.tzdb,
    from: instantText(span.from),
    to: instantText(span.to),
    open: open.map(both),
    excluded: excluded.map((each) => ({ ...both(each), why: each.why })),
    clockChanges: changes.map(({ at, before, after }) => ({
      at: instantText(at),
      offsetBefore: before,
      offsetAfter: after,
    })),
  };
}

function configOf({ configFile, name }: WindowCommand): Config {
  const config = loadConfig(configFile === undefined ? {} : { file: configFile });
  if (Object.hasOwn(config.windows, name)) return config;
  const there = Object.keys(config.windows).join(', ') || '(none is there)';
  throw new CommandError(EXIT.refused, `window ${JSON.stringify(name)} is not configured, expected one of ${there}`);
}

const placesOf = ({ regions }: Config, options: WindowCommand): readonly string[] =>
  options.regions.length > 0 ? options.regions : regions;

const utc = (instant: number | null): string | null => (instant === null ? null : instantText(instant / 1_000));
