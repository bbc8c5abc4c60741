/** What the drawings of Tocsin have in common: colours that follow light and dark, hatches, and text that is always escaped. */

export const THEME = `
  svg { --ink: #1d2330; --soft: #68707f; --line: #dfe3ea; --paper: #fff; --rest: #f4f6f9; --open: #1f9d6a; --shut: #d48a1f; --clock: #b3368c; --act: #2c62d6; --bad: #c8352b; --night: #dde4f3 }
  @media (prefers-color-scheme: dark) {
    svg { --ink: #e6e9ef; --soft: #98a1b2; --line: #2e3541; --paper: #14181f; --rest: #1a1f28; --open: #38c48b; --shut: #e0a444; --clock: #e07cc0; --act: #7aa5ff; --bad: #ff7a70; --night: #1f2a44 }
  }
  text { font: 12px ui-sans-serif, system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: var(--ink) }
  .soft { fill: var(--soft) } .title { font-size: 17px; font-weight: 600 } .clock { fill: var(--clock) } .small { font-size: 11px }
  .grid { stroke: var(--line) } .open { fill: var(--open) } .shut { fill: url(#shut); stroke: var(--shut) }`;

export const hatch = (id: string, color: string, angle: number): string =>
  `<pattern id="${id}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(${angle})"><rect width="6" height="6" fill="var(${color})" opacity=".16"/><line x1="0" y1="0" x2="0" y2="6" stroke="var(${color})" stroke-width="2"/></pattern>`;

/** Nothing for no words. `more`: further attributes. */
export const text = (at: number, y: number, words: string, kind = '', more = ''): string =>
  words === ''
    ? ''
    : `<text x="${round(at)}" y="${round(y)}"${kind === '' ? '' : ` class="${kind}"`}${more === '' ? '' : ` ${more}`}>${escaped(words)}</text>`;

/** What stands on the bare page of a drawing: its size, its name for those who do not see it, and its style. */
export function opening(size: { readonly width: number; readonly height: number }, title: string, desc: string) {
  const { width, height } = size;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(title)}</title>`,
    `<desc id="d">${escaped(desc)}</desc>`,
  ];
}

export const round = (value: number): number => Math.round(value * 10) / 10;

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
// XML has no place for most control characters, not even escaped.
const UNSAYABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** For the text and the attributes of XML and HTML. */
export const escaped = (words: string): string =>
  words.replaceAll(UNSAYABLE, '\ufffd').replaceAll(/[&<>"]/g, (each) => ESCAPES[each] ?? each);
