/** Text as it may stand in SVG, between tags and in attributes. */
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escaped = (words: string): string => words.replaceAll(/[&<>"]/g, (each) => ESCAPES[each] ?? each);
