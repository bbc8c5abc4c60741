/** A timetable as one page to be looked at: the chart, what people should know, and a table with every target. No scripts, nothing from elsewhere. */
import { instantText } from '../../activities/calendar/instant-text.ts';
import { escaped } from '../svg.ts';
import { utcSpan } from '../windows/preview-text.ts';
import { localText } from '../windows/window-preview.ts';
import type { Finding } from './findings.ts';
import { type WavePart, partsOf, wholeOf } from './parts.ts';
import type { TimetableReport } from './report.ts';
import type { TimedTarget } from './timetable.ts';
import { howLong, localOf, outcome } from './timetable-text.ts';
import { timetableSvg } from './timetable-svg.ts';

const STYLE = `
  :root { color-scheme: light dark; --ink: #1d2330; --soft: #5c6473; --line: #dfe3ea; --paper: #fff; --rest: #f4f6f9; --bad: #b42318; --note: #8a5a00 }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a1b2; --line: #2e3541; --paper: #14181f; --rest: #1a1f28; --bad: #ff7a70; --note: #e0a444 } }
  body { margin: 0; padding: 28px 32px 48px; background: var(--paper); color: var(--ink); font: 14px/1.5 ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif }
  main { max-width: 2700px; margin: auto }
  h1 { font-size: 22px; margin: 0 0 4px } h2 { font-size: 16px; margin: 28px 0 8px }
  p { margin: 4px 0 } .soft { color: var(--soft) }
  dl { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 16px 0 20px } dt { color: var(--soft); font-size: 12px } dd { margin: 0; font-weight: 600 }
  ul { margin: 0; padding: 0; list-style: none } li { padding: 6px 12px; margin: 4px 0; border-left: 4px solid var(--note); background: var(--rest); overflow-wrap: anywhere } li.bad { border-color: var(--bad) }
  .chart { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px } .chart svg { display: block; min-width: 1080px; max-width: 100%; height: auto }
  .wide svg { max-width: none }
  .table { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums } th { text-align: left; color: var(--soft); font-weight: 500 } th, td { padding: 5px 18px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; white-space: nowrap }
  td.why { white-space: normal; color: var(--bad); min-width: 24em } summary { cursor: pointer } details table { margin: 6px 0 } details td, details th { border: 0; padding: 2px 16px 2px 0 }`;

/** A chart that is wider is scrolled, not shrunk. */
const MAX_FIT_SECONDS = 5 * 86_400;

export function timetableHtml(reports: readonly TimetableReport[]): string {
  const names = reports.map(({ timetable }) => timetable.runbook).join(', ');
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(`Timetable of ${names}`)}</title><style>${STYLE}</style></head><body><main>`,
    ...reports.map((report, index) => sectionOf(report, index)),
    '</main></body></html>\n',
  ].join('\n');
}

function sectionOf(report: TimetableReport, index: number): string {
  const { timetable, findings, places, span } = report;
  const { runbook, window, targets, waves, at, tzdb } = timetable;
  const facts = [
    ['window', window],
    ['targets', String(targets)],
    ['waves', String(waves.length)],
    ['told from', instantText(at)],
    ['outcome', outcome(timetable)],
    ['zone data', tzdb],
  ];
  const parts = partsOf(waves, places);
  return [
    `<h1>${escaped(runbook)}</h1><p class="soft">${escaped(howLong(timetable))}</p>`,
    `<dl>${facts.map(([term = '', value = '']) => `<div><dt>${term}</dt><dd>${escaped(value)}</dd></div>`).join('')}</dl>`,
    listOf(
      'It cannot run as declared',
      findings.filter(({ problem }) => problem),
    ),
    // Ids are those of the page: each chart needs its own.
    `<h2>Chart</h2><div class="chart${span.to - span.from > MAX_FIT_SECONDS ? ' wide' : ''}">${withOwnIds(timetableSvg(report), index)}</div>`,
    listOf(
      'Worth knowing',
      findings.filter(({ problem }) => !problem),
    ),
    `<h2>Waves</h2><div class="table"><table><thead><tr>${HEAD}</tr></thead><tbody>${parts.map(rowOf).join('')}</tbody></table></div>`,
  ].join('\n');
}

const withOwnIds = (svg: string, index: number): string =>
  index === 0
    ? svg
    : svg
        .replaceAll(/ id="(\w+)"/g, ` id="$1-${index}"`)
        .replaceAll(/url\(#(\w+)\)/g, `url(#$1-${index})`)
        .replace('aria-labelledby="t d"', `aria-labelledby="t-${index} d-${index}"`);

const listOf = (title: string, findings: readonly Finding[]): string =>
  findings.length === 0
    ? ''
    : `<h2>${title}</h2><ul>${findings.map(({ text, problem }) => `<li${problem ? ' class="bad"' : ''}>${escaped(text)}</li>`).join('')}</ul>`;

const HEAD = ['wave', 'region', 'zone', 'local time', 'UTC', 'soaks until', 'targets']
  .map((name) => `<th scope="col">${name}</th>`)
  .join('');

function rowOf(part: WavePart): string {
  const { wave, place, targets } = part;
  const whole = wholeOf(part);
  const cells =
    whole === null
      ? [
          ['why', `never: ${wave.problem ?? ''}`],
          ['', ''],
          ['', ''],
        ]
      : [
          ['', localOf(part)],
          ['', utcSpan(whole.from, whole.to)],
          ['', wave.soaksUntil === null ? '' : instantText(wave.soaksUntil)],
        ];
  const told = [['', wave.name], ['', place.region], ['', place.zone.id], ...cells]
    .map(([kind = '', words = '']) => `<td${kind === '' ? '' : ` class="${kind}"`}>${escaped(words)}</td>`)
    .join('');
  return `<tr>${told}<td>${detailsOf(part, targets)}</td></tr>`;
}

function detailsOf({ place: { zone } }: WavePart, targets: readonly TimedTarget[]): string {
  const rows = targets.map(({ name, beginsAt, why }) => {
    const when = beginsAt === null ? (why ?? 'not reached') : localText(zone, beginsAt);
    return `<tr><td>${escaped(name)}</td><td>${escaped(when)}</td></tr>`;
  });
  return `<details><summary>${targets.length}</summary><table><tbody>${rows.join('')}</tbody></table></details>`;
}
