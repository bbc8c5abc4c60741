/** RFC 1123 dates (`Sat, 05 Jun 2016 15:10:09 GMT`) become RFC 3339 text in UTC. The weekday is not checked: some senders get it wrong. */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const RFC1123 = /^(?:[A-Za-z]{3},\s*)?(\d{1,2}) ([A-Za-z]{3}) (\d{4}) (\d\d:\d\d:\d\d) (?:GMT|UTC|Z|[+-]0000)$/;

/** Null when it is no such date. Whether the day exists is left to the reader of RFC 3339. */
export function rfc1123(value: unknown): string | null {
  const match = typeof value === 'string' ? RFC1123.exec(value.trim()) : null;
  if (match === null) return null;
  const [, day = '', month = '', year = '', time = ''] = match;
  const index = MONTHS.findIndex((name) => name.toLowerCase() === month.toLowerCase());
  return index < 0 ? null : `${year}-${String(index + 1).padStart(2, '0')}-${day.padStart(2, '0')}T${time}Z`;
}
