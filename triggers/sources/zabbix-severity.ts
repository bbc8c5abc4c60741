/** Severities have numbers, which no installation can change, and names, which each can. */
const NAMES: ReadonlyMap<string | null, string> = new Map([
  ['0', 'not classified'],
  ['1', 'information'],
  ['2', 'warning'],
  ['3', 'average'],
  ['4', 'high'],
  ['5', 'disaster'],
]);

/** The name that Zabbix itself gives to this number; what is no such number, as it is. */
export const severityWord = (written: string | null): string | null => NAMES.get(written) ?? written;
