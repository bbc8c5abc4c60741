/** A catalogue as a page of markdown: tables, and the diagram when it has a file. What comes from definitions stays in its cell. */
import type { Catalogue, CatalogueRunbook } from './catalogue.ts';

/** `diagram`: where the SVG is, relative to the page; null: there is none. */
export function catalogueMarkdown(catalogue: Catalogue, diagram: string | null): string {
  const { triggers, runbooks, limits, windows, regions, schedules } = catalogue;
  return [
    '# Catalogue',
    '',
    'Made by `tocsin docs` from the definitions. Modes are those of the definitions; `tocsin trigger list` has what operators have made of them.',
    ...(diagram === null ? [] : ['', `![From event to effect](${diagram})`]),
    ...table(
      'Triggers',
      ['trigger', 'on', 'mode', 'runs', 'window', 'targets', 'when resolved', 'when failed', 'bound'],
      triggers.map((each) => [
        code(each.id),
        [
          code(each.on),
          each.match === null ? '' : code(JSON.stringify(each.match)),
          each.when ? 'and a condition in code' : '',
        ]
          .filter(Boolean)
          .join(', '),
        each.mode,
        code(each.run),
        each.window === null ? 'any hour' : `${code(each.window)}, else ${each.otherwise ?? 'hold'}`,
        each.targets === null ? 'all' : code(JSON.stringify(each.targets)),
        each.onResolved,
        each.onFailure,
        each.executionTimeout,
      ]),
    ),
    ...table(
      'Runbooks',
      ['runbook', 'what it does', 'triggers', 'looks', 'effects', 'limits', 'windows', 'file'],
      runbooks.map(runbookRow),
    ),
    ...table(
      'Limits',
      ['limit', 'scope', 'slots', 'when full', 'runbooks'],
      limits.map((each) => [
        code(each.name) + missing(each.configured),
        each.scope,
        String(each.slots),
        each.whenFull,
        codes(each.runbooks),
      ]),
    ),
    ...table(
      'Windows',
      ['window', 'definition', 'triggers', 'runbooks'],
      windows.map((each) => [
        code(each.name) + missing(each.configured),
        each.definition === null ? '' : code(JSON.stringify(each.definition)),
        codes(each.triggers),
        codes(each.runbooks),
      ]),
    ),
    ...table(
      'Regions',
      ['region', 'zone', 'task queue', 'without a worker'],
      regions.map((each) => [
        code(each.name),
        each.zone ?? 'none: windows without a zone are closed',
        code(each.queue),
        each.failOver.length === 0 ? each.whenNoWorker : `${each.whenNoWorker} (${each.failOver.join(', ')})`,
      ]),
    ),
    ...table(
      'Schedules',
      ['schedule', 'points', 'zone', 'region'],
      schedules.map((each) => [code(each.id), code(each.points), each.zone, code(each.region)]),
    ),
    '',
  ].join('\n');
}

function runbookRow({ name, about, triggers, activities, limits, windows, file, problem }: CatalogueRunbook): string[] {
  const called = (...kinds: readonly (string | null)[]): string =>
    activities
      .filter(({ kind }) => kinds.includes(kind))
      .map((each) => code(each.name) + (each.kind === 'unregistered' ? ' (not registered)' : ''))
      .join(', ');
  return [
    code(name),
    prose(problem === null ? about : `cannot be read: ${problem}`),
    triggers.length === 0 ? 'none: by hand, or by another runbook' : codes(triggers),
    called('look'),
    // What is not known to be a look counts as an effect, as it does everywhere.
    called('effect', 'unregistered', null),
    codes(limits),
    codes(windows),
    code(file),
  ];
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return ['', `## ${title}`, '', 'None.'];
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return ['', `## ${title}`, '', line(head), line(head.map(() => '---')), ...rows.map(line)];
}

const cell = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ').replaceAll('|', '\\|');

/** Prose of a comment or an error starts no markup of its own. */
const prose = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const code = (text: string): string => `\`${text.replaceAll('`', "'")}\``;
const codes = (names: readonly string[]): string => names.map(code).join(', ');
const missing = (configured: boolean): string => (configured ? '' : ' (not in the configuration)');
