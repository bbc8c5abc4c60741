/**
 * A catalogue as a diagram: event types, the triggers that listen to them, the runbooks those start, the activities they call, and below
 * them the regions in which these act. It stands alone, without scripts or fonts, and follows light and dark.
 */
import { escaped } from '../svg.ts';
import type { Catalogue, CatalogueRegion, CatalogueRunbook, CatalogueTrigger } from './catalogue.ts';

const COLUMNS = {
  event: { x: 24, width: 246, title: 'Event types' },
  trigger: { x: 320, width: 230, title: 'Triggers' },
  runbook: { x: 600, width: 240, title: 'Runbooks' },
  activity: { x: 890, width: 224, title: 'Activities' },
} as const;
const WIDTH = 1138;
const TOP = 104;
const ROW_GAP = 26;
const TRIGGER = { height: 48, gap: 12 };
const EVENT_HEIGHT = 32;
const LINE = 18;
const REGION = { width: 260, height: 52, gap: 16, perLine: 4 };
/** Of a letter of 12 px, on average; of a bold one. */
const LETTER = 6.9;
const BOLD_LETTER = 8;

const STYLE = `
  svg { --ink: #1d2330; --soft: #68707f; --line: #cfd5df; --paper: #fff; --card: #f6f8fb; --auto: #1f9d6a; --approve: #c67b12; --observe: #5b76c9; --bad: #c43d4b }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6e9ef; --soft: #98a1b2; --line: #3a4352; --paper: #14181f; --card: #1c222c; --auto: #38c48b; --approve: #e0a444; --observe: #8ca4f0; --bad: #f07785 }
  }
  text { font: 12px ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: var(--ink) }
  .title { font-size: 17px; font-weight: 600 } .head { font-weight: 600; fill: var(--soft) } .name { font-weight: 600 } .soft { fill: var(--soft); font-size: 11px }
  .card { fill: var(--card); stroke: var(--line) } .edge { fill: none; stroke: var(--line); stroke-width: 1.5 }
  .auto { fill: var(--auto) } .approve { fill: var(--approve) } .observe { fill: var(--observe) } .bad { fill: var(--bad) }
  .look { fill: none; stroke: var(--soft); stroke-width: 1.5 } .effect { fill: var(--ink) }`;

interface Row {
  readonly name: string;
  readonly runbook: CatalogueRunbook | null;
  readonly triggers: readonly CatalogueTrigger[];
  readonly top: number;
  readonly height: number;
}

export function catalogueSvg(catalogue: Catalogue): string {
  const rows = rowsOf(catalogue);
  const last = rows.at(-1);
  const bottom = last === undefined ? TOP : last.top + last.height + ROW_GAP;
  const regionLines = Math.ceil(catalogue.regions.length / REGION.perLine);
  const height = bottom + 40 + regionLines * (REGION.height + REGION.gap) + 40;
  const triggerY = new Map(rows.flatMap((row) => row.triggers.map(({ id }, index) => [id, triggerTop(row, index)])));
  const { triggers, runbooks, regions } = catalogue;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="t d">`,
    '<title id="t">From event to effect</title>',
    `<desc id="d">${triggers.length} triggers, ${runbooks.length} runbooks, ${regions.length} regions</desc>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="var(--paper)"/>`,
    text(24, 36, 'From event to effect', 'title'),
    ...Object.values(COLUMNS).map(({ x, title }) => text(x, 80, title, 'head')),
    ...eventsAndEdges(rows, triggerY),
    ...rows.flatMap(rowShapes),
    ...regionShapes(regions, bottom),
    legend(height - 22),
    '</svg>\n',
  ].join('\n');
}

/** One for each runbook, and one for each name that triggers run and no list has. */
function rowsOf({ runbooks, triggers }: Catalogue): readonly Row[] {
  const lost = new Set(triggers.map(({ run }) => run).filter((run) => !runbooks.some(({ name }) => name === run)));
  const parts = [
    ...runbooks.map((runbook) => ({ name: runbook.name, runbook })),
    ...[...lost].map((name) => ({ name, runbook: null })),
  ];
  let top = TOP;
  return parts.map(({ name, runbook }) => {
    const own = triggers.filter(({ run }) => run === name);
    const height = Math.max(
      own.length * (TRIGGER.height + TRIGGER.gap) - TRIGGER.gap,
      runbookHeight(runbook),
      activitiesHeight(runbook),
    );
    const row = { name, runbook, triggers: own, top, height };
    top += height + ROW_GAP;
    return row;
  });
}

const notesOf = (runbook: CatalogueRunbook | null): readonly string[] =>
  runbook === null
    ? ['not in workflows/index']
    : [
        ...(runbook.problem === null ? [] : ['cannot be read']),
        ...(runbook.limits.length === 0 ? [] : [`limits: ${runbook.limits.join(', ')}`]),
        ...(runbook.windows.length === 0 ? [] : [`windows: ${runbook.windows.join(', ')}`]),
      ];

const runbookHeight = (runbook: CatalogueRunbook | null): number => 32 + notesOf(runbook).length * LINE;
const activitiesHeight = (runbook: CatalogueRunbook | null): number => 14 + (runbook?.activities.length ?? 0) * LINE;

function triggerTop(row: Row, index: number): number {
  const all = row.triggers.length * (TRIGGER.height + TRIGGER.gap) - TRIGGER.gap;
  return row.top + (row.height - all) / 2 + index * (TRIGGER.height + TRIGGER.gap);
}

/** An event type stands beside the first trigger that listens to it. */
function eventsAndEdges(rows: readonly Row[], triggerY: ReadonlyMap<string, number>): string[] {
  const at = new Map<string, number>();
  return rows
    .flatMap(({ triggers }) => triggers)
    .flatMap(({ id, on }) => {
      const middle = (triggerY.get(id) ?? TOP) + TRIGGER.height / 2;
      const first = !at.has(on);
      const from = at.get(on) ?? middle;
      at.set(on, from);
      return [
        edge(COLUMNS.event, from, COLUMNS.trigger, middle),
        ...(first
          ? [
              card(COLUMNS.event, from - EVENT_HEIGHT / 2, EVENT_HEIGHT),
              label(COLUMNS.event, from + 4, on, { kind: 'name' }),
            ]
          : []),
      ];
    });
}

function rowShapes(row: Row): string[] {
  const { runbook, triggers, top, height, name } = row;
  const middle = top + height / 2;
  const own = runbookHeight(runbook);
  const y = middle - own / 2;
  const activities = runbook?.activities ?? [];
  return [
    ...triggers.flatMap((trigger, index) => triggerShapes(trigger, triggerTop(row, index), middle)),
    card(COLUMNS.runbook, y, own),
    label(COLUMNS.runbook, y + 20, name, { kind: 'name', hint: runbook?.about ?? '' }),
    ...notesOf(runbook).map((note, index) =>
      label(COLUMNS.runbook, y + 20 + (index + 1) * LINE, note, {
        kind: runbook === null || runbook.problem !== null ? 'bad' : 'soft',
      }),
    ),
    ...(activities.length === 0 ? [] : activityShapes(activities, middle)),
  ];
}

function triggerShapes({ id, mode, window }: CatalogueTrigger, y: number, runbookMiddle: number): string[] {
  const { x } = COLUMNS.trigger;
  return [
    edge(COLUMNS.trigger, y + TRIGGER.height / 2, COLUMNS.runbook, runbookMiddle),
    card(COLUMNS.trigger, y, TRIGGER.height),
    label(COLUMNS.trigger, y + 19, id, { kind: 'name' }),
    `<circle class="${mode}" cx="${x + 16}" cy="${y + 34}" r="4"/>`,
    label(COLUMNS.trigger, y + 38, `${mode}, ${window ?? 'any hour'}`, { kind: 'soft', indent: 26 }),
  ];
}

function activityShapes(activities: CatalogueRunbook['activities'], middle: number): string[] {
  const { x } = COLUMNS.activity;
  const height = 14 + activities.length * LINE;
  const top = middle - height / 2;
  return [
    edge(COLUMNS.runbook, middle, COLUMNS.activity, middle),
    card(COLUMNS.activity, top, height),
    ...activities.flatMap(({ name, kind }, index) => {
      const y = top + 7 + index * LINE + 9;
      const bad = kind === 'unregistered';
      return [
        `<circle class="${kind === 'look' ? 'look' : bad ? 'bad' : 'effect'}" cx="${x + 16}" cy="${y}" r="4"/>`,
        label(COLUMNS.activity, y + 4, bad ? `${name}: not registered` : name, { kind: bad ? 'bad' : '', indent: 28 }),
      ];
    }),
  ];
}

function regionShapes(regions: readonly CatalogueRegion[], top: number): string[] {
  return [
    `<line class="edge" x1="24" y1="${top}" x2="${WIDTH - 24}" y2="${top}"/>`,
    text(24, top + 26, 'Activities are carried out in', 'head'),
    ...regions.flatMap(({ name, zone, queue }, index) => {
      const place = { x: 24 + (index % REGION.perLine) * (REGION.width + REGION.gap), width: REGION.width };
      const y = top + 40 + Math.floor(index / REGION.perLine) * (REGION.height + REGION.gap);
      return [
        card(place, y, REGION.height),
        label(place, y + 21, name, { kind: 'name' }),
        label(place, y + 40, `${zone ?? 'no zone'}, ${queue}`, { kind: 'soft' }),
      ];
    }),
  ];
}

interface Column {
  readonly x: number;
  readonly width: number;
}

const legend = (y: number): string =>
  [
    ['auto', 'acts at once'],
    ['approve', 'acts once approved'],
    ['observe', 'only watches'],
    ['look', 'looks'],
    ['effect', 'changes something'],
  ]
    .map(
      ([kind = '', words = ''], index) =>
        `<circle class="${kind}" cx="${30 + index * 150}" cy="${y - 4}" r="4"/>${text(42 + index * 150, y, words, 'soft')}`,
    )
    .join('');

const card = ({ x, width }: Column, y: number, height: number): string =>
  `<rect class="card" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`;

function edge(left: Column, from: number, right: Column, to: number): string {
  const start = left.x + left.width;
  const half = (right.x - start) / 2;
  return `<path class="edge" d="M${start} ${from} C${start + half} ${from} ${right.x - half} ${to} ${right.x} ${to}"/>`;
}

/** Cut to its card; the whole of it is its hint. */
function label(
  { x, width }: Column,
  y: number,
  words: string,
  { kind = '', indent = 12, hint = '' }: { readonly kind?: string; readonly indent?: number; readonly hint?: string },
): string {
  const room = Math.floor((width - indent - 8) / (kind === 'name' ? BOLD_LETTER : LETTER));
  const cut = words.length > room ? `${words.slice(0, room - 1)}…` : words;
  const title = [cut === words ? '' : words, hint].filter(Boolean).join(': ');
  const inside = title === '' ? '' : `<title>${escaped(title)}</title>`;
  return `<text x="${x + indent}" y="${y}" class="${kind}">${inside}${escaped(cut)}</text>`;
}

const text = (x: number, y: number, words: string, kind: string): string =>
  `<text x="${x}" y="${y}" class="${kind}">${escaped(words)}</text>`;
