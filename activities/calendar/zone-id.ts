/** Which names may stand for a zone: full names of places and UTC. Abbreviations and offsets mean different things to different people. */

const PLACE = /^[A-Z][A-Za-z_]+(?:\/[A-Za-z0-9][A-Za-z0-9_+-]*){1,2}$/;

export const isZoneId = (name: string): boolean => name === 'UTC' || PLACE.test(name);

/** What people usually mean; never what is taken, because most of these mean several places. */
const ABBREVIATIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['utc', ['UTC']],
  ['gmt', ['UTC', 'Europe/London']],
  ['z', ['UTC']],
  ['est', ['America/New_York', 'America/Panama']],
  ['edt', ['America/New_York']],
  ['cst', ['America/Chicago', 'Asia/Shanghai']],
  ['cdt', ['America/Chicago']],
  ['mst', ['America/Denver', 'America/Phoenix']],
  ['mdt', ['America/Denver']],
  ['pst', ['America/Los_Angeles']],
  ['pdt', ['America/Los_Angeles']],
  ['hst', ['Pacific/Honolulu']],
  ['est5edt', ['America/New_York']],
  ['cst6cdt', ['America/Chicago']],
  ['mst7mdt', ['America/Denver']],
  ['pst8pdt', ['America/Los_Angeles']],
  ['bst', ['Europe/London']],
  ['wet', ['Europe/Lisbon']],
  ['cet', ['Europe/Berlin', 'Europe/Paris']],
  ['cest', ['Europe/Berlin', 'Europe/Paris']],
  ['met', ['Europe/Berlin']],
  ['eet', ['Europe/Athens', 'Europe/Helsinki']],
  ['ist', ['Asia/Kolkata', 'Europe/Dublin']],
  ['jst', ['Asia/Tokyo']],
  ['sgt', ['Asia/Singapore']],
  ['aest', ['Australia/Sydney', 'Australia/Brisbane']],
]);

const MAX_SUGGESTIONS = 3;
const MAX_DISTANCE = 2;
/** Two letters make any shorter place another one. */
const MIN_PLACE = 5;
/** Names longer than any zone's are not compared. */
const MAX_LENGTH = 60;

/** `+02:00`, `UTC+2`, `GMT-5`; in names of the tzdb the sign means the other way, so that the nearest of them is never the one meant. */
export const isOffset = (name: string): boolean => /^(?:UTC|GMT)?[+-]\d/i.test(name);

/** The nearest names: the same but for the case, the same place elsewhere in the tree, or two letters away. */
export function suggestZones(id: string, ids: ReadonlySet<string>): string[] {
  if (id.length === 0 || id.length > MAX_LENGTH || isOffset(id)) return [];
  const wanted = id.toLowerCase().replaceAll(' ', '_');
  const meant = ABBREVIATIONS.get(wanted);
  if (meant !== undefined) return meant.filter((name) => ids.has(name));
  const place = wanted.split('/').at(-1) ?? wanted;
  const ranked = [...ids].flatMap((name) => {
    const lower = name.toLowerCase();
    if (lower === wanted) return [{ name, rank: 0 }];
    if (lower.endsWith(`/${place}`)) return [{ name, rank: 1 }];
    const distance = Math.min(
      editDistance(lower, wanted),
      place.length < MIN_PLACE ? Infinity : 1 + editDistance(lower.split('/').at(-1) ?? lower, place),
    );
    return distance <= MAX_DISTANCE ? [{ name, rank: 1 + distance }] : [];
  });
  return ranked
    .toSorted((one, other) => one.rank - other.rank || (one.name < other.name ? -1 : 1))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name }) => name);
}

function editDistance(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > MAX_DISTANCE) return MAX_DISTANCE + 1;
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1] ? 0 : 1;
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[other.length] ?? MAX_DISTANCE + 1;
}
