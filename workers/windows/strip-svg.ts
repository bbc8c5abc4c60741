/** Draws openings as a calendar strip: a line of seven days for each region and week, in UTC; local times show on hovering. */
import { dateText } from '../../activities/calendar/instant-text.ts';
import type { LocalStretch } from '../../activities/windows/windows.ts';

export interface Strip {
  readonly title: string;
  /** Ms since 1970. */
  readonly from: number;
  readonly days: number;
  readonly rows: readonly {
    readonly region: string;
    /** Shown where it does not open at all. */
    readonly why: string;
    readonly openings: readonly LocalStretch[];
  }[];
}

const DAY_MS = 86_400_000;
const DAYS = 7;
const [LEFT, TOP, DAY_WIDTH, LINE, GAP] = [130, 40, 120, 18, 26] as const;
const STYLE = `text{font:12px system-ui,sans-serif;fill:#24292f}.day{fill:#57606a}.closed{fill:#eaeef2}.open{fill:#2da44e}.edge{stroke:#fff}`;

export function stripSvg({ title, from, days, rows }: Strip): string {
  const first = Math.floor(from / DAY_MS) * DAY_MS;
  const end = from + days * DAY_MS;
  const weeks = Math.ceil((end - first) / (DAYS * DAY_MS));
  const weekHeight = rows.length * LINE + GAP;
  const [width, height] = [LEFT + DAYS * DAY_WIDTH + 20, TOP + weeks * weekHeight + 10];
  const parts = Array.from({ length: weeks }, (_, week) => {
    const begin = first + week * DAYS * DAY_MS;
    return weekOf({ begin, from, end, top: TOP + week * weekHeight, rows });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(`window ${title}`)}</title><style>${STYLE}</style>`,
    `<rect width="100%" height="100%" fill="#fff"/><text x="10" y="22" font-weight="600">${escaped(title)} (days in UTC)</text>`,
    ...parts.flat(),
    '</svg>\n',
  ].join('\n');
}

interface Week {
  readonly begin: number;
  /** What is previewed. */
  readonly from: number;
  readonly end: number;
  readonly top: number;
  readonly rows: Strip['rows'];
}

function weekOf({ begin, from, end, top, rows }: Week): string[] {
  const x = (ms: number): string => (LEFT + ((ms - begin) / DAY_MS) * DAY_WIDTH).toFixed(1);
  const last = Math.min(begin + DAYS * DAY_MS, end);
  const bar = (kind: string, one: number, other: number, y: number, text: string): string =>
    `<rect class="${kind}" x="${x(one)}" y="${y}" width="${(((other - one) / DAY_MS) * DAY_WIDTH).toFixed(1)}" height="${LINE - 4}"><title>${escaped(text)}</title></rect>`;
  const days = Array.from({ length: DAYS }, (_, day) => begin + day * DAY_MS).filter((day) => day < end);
  return [
    ...days.map((day) => `<text class="day" x="${x(day)}" y="${top + 12}">${dateText(day / DAY_MS)}</text>`),
    ...rows.flatMap(({ region, why, openings }, index) => {
      const y = top + 18 + index * LINE;
      const start = Math.max(begin, from);
      return [
        `<text x="10" y="${y + 11}">${escaped(region.slice(0, 18))}</text>`,
        bar('closed', start, last, y, openings.length === 0 ? why : 'closed'),
        ...openings
          .filter((each) => each.from < last && each.to > start)
          .map((each) => bar('open', Math.max(each.from, start), Math.min(each.to, last), y, each.local.join(' - '))),
        ...days
          .slice(1)
          .map((day) => `<line class="edge" x1="${x(day)}" x2="${x(day)}" y1="${y}" y2="${y + LINE - 4}"/>`),
      ];
    }),
  ];
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
