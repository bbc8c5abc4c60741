/** `tocsin window explain | preview`: a configured window as the calendar of this host sees it. Needs no server. */
import { writeFileSync } from 'node:fs';
import { CalendarError } from '../../activities/calendar/calendar-error.ts';
import { instantText, readInstantText } from '../../activities/calendar/instant-text.ts';
import type { WindowAnswer, Windows } from '../../activities/windows/windows.ts';
import { loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { stripSvg } from '../windows/strip-svg.ts';
import { placesOf } from '../windows/window-problems.ts';
import { configuredWindows } from '../windows/windows-config.ts';
import { type CommonOptions, output } from './session.ts';

interface WindowCommand extends CommonOptions {
  readonly name: string;
  /** A region, or a zone. */
  readonly region?: string;
}

export interface ExplainCommand extends WindowCommand {
  readonly at?: string;
}

export interface PreviewCommand extends WindowCommand {
  readonly days: string;
  readonly from?: string;
  /** File to draw into. */
  readonly svg?: string;
}

const DAY_MS = 86_400_000;
const MAX_DAYS = 400;

/** Exit code 1 when it is in doubt somewhere. */
export function explainWindow(options: ExplainCommand): number {
  const { windows, places } = opened(options);
  const atMs = instantOf(options.at);
  const answers = places.map((region) => ({ region, ...readable(windows.at(options.name, region, atMs)) }));
  const lines = answers.map(({ region, why }) => `${region}: ${why}`);
  const [first] = answers;
  output(
    options,
    { window: options.name, at: instantText(atMs / 1_000), answers },
    [`window ${options.name} at ${instantText(atMs / 1_000)}, zone data ${first?.tz ?? 'unknown'}`, ...lines].join(
      '\n',
    ),
  );
  return answers.some(({ doubt }) => doubt) ? EXIT.failed : EXIT.ok;
}

const readable = ({ opensAt, closesAt, ...answer }: WindowAnswer) => ({
  ...answer,
  opensAt: textOf(opensAt),
  closesAt: textOf(closesAt),
});

const textOf = (ms: number | null): string | null => (ms === null ? null : instantText(ms / 1_000));

export function previewWindow(options: PreviewCommand): number {
  const { windows, places } = opened(options);
  const days = Number(options.days);
  if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS)
    throw new CommandError(EXIT.refused, `--days ${options.days}: expected 1 to ${MAX_DAYS}`);
  const from = instantOf(options.from);
  const to = from + days * DAY_MS;
  const rows = places.map((region) => {
    const { why, doubt } = windows.at(options.name, region, from);
    return { region, why, doubt, openings: doubt ? [] : windows.openings(options.name, region, from, to) };
  });
  if (options.svg !== undefined) writeFileSync(options.svg, stripSvg({ title: options.name, from, days, rows }));
  const lines = rows.flatMap(({ region, openings, why }) => [
    `${region}: ${openings.length === 0 ? why : `${openings.length} openings`}`,
    ...openings.map(
      ({ from: opens, to: closes, local }) => `  ${local.join(' - ')}  ${textOf(opens)} - ${textOf(closes)}`,
    ),
  ]);
  const regions = rows.map((row) => ({
    ...row,
    openings: row.openings.map(({ from: opens, to: closes, local: [opensLocal, closesLocal] }) => ({
      opensAt: textOf(opens),
      closesAt: textOf(closes),
      opensLocal,
      closesLocal,
    })),
  }));
  output(options, { window: options.name, from: textOf(from), days, regions }, lines.join('\n'));
  return rows.some(({ doubt }) => doubt) ? EXIT.failed : EXIT.ok;
}

interface Opened {
  readonly windows: Windows;
  /** Regions, or the zone that was asked for. */
  readonly places: readonly string[];
}

function opened({ name, region, configFile }: WindowCommand): Opened {
  const config = loadConfig(configFile === undefined ? {} : { file: configFile });
  const windows = configuredWindows(config);
  if (!windows.names.includes(name))
    throw new CommandError(
      EXIT.refused,
      `window ${JSON.stringify(name)} is not configured; expected one of ${windows.names.join(', ') || '(none is there)'}`,
    );
  return { windows, places: region === undefined ? placesOf(config, name) : [region] };
}

/** Seconds of the text, in ms. */
function instantOf(text: string | undefined): number {
  if (text === undefined) return Math.floor(Date.now() / 1_000) * 1_000;
  try {
    return readInstantText(text) * 1_000;
  } catch (error) {
    if (error instanceof CalendarError) throw new CommandError(EXIT.refused, error.message);
    throw error;
  }
}
