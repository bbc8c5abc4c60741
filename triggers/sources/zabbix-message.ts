/**
 * The text that Zabbix puts into `{ALERT.MESSAGE}` where nobody wrote another: its lines name what a bare `{to, subject, message}` has no
 * parameters for. Format: zabbix/zabbix ui/include/classes/helpers/CMediatypeHelper.php, message templates.
 */

const RECOVERED = ['recoverytime', 'recoverydate'] as const;
const LINES: readonly (readonly [pattern: RegExp, ...names: readonly string[]])[] = [
  [/^Original problem ID: (\d+)$/, 'eventid'],
  [/^(?:Service )?[Pp]roblem name: (.+)$/, 'eventname'],
  [/^Host: (.+)$/, 'hostname'],
  [/^Service: (.+)$/, 'servicename'],
  [/^Severity: (.+)$/, 'eventseverity'],
  [/^Operational data: (.+)$/, 'operationaldata'],
  [/^(?:Service p|P)roblem started at (\d\d:\d\d:\d\d) on (\d{4}\.\d\d\.\d\d)$/, 'eventtime', 'eventdate'],
  [/^Problem has been resolved (?:in .+ )?at (\d\d:\d\d:\d\d) on (\d{4}\.\d\d\.\d\d)$/, ...RECOVERED],
  [/^Service "(.+)" has been resolved at (\d\d:\d\d:\d\d) on (\d{4}\.\d\d\.\d\d)$/, 'servicename', ...RECOVERED],
  [/^Current problem status is (\w+), age is .+, acknowledged: (Yes|No)\.$/, 'eventstatus', 'acknowledged'],
];
/** A message has a dozen lines. */
const MAX_LINES = 100;
const MAX_LENGTH = 65_536;

/** By the names of the parameters that say the same. */
export function readMessage(text: string): ReadonlyMap<string, string> {
  const said = new Map<string, string>();
  for (const line of text.slice(0, MAX_LENGTH).split(/\r?\n/, MAX_LINES)) {
    for (const [pattern, ...names] of LINES) {
      const values = pattern.exec(line.trim())?.slice(1) ?? [];
      for (const [index, value] of values.entries()) said.set(names[index] ?? '', value);
    }
  }
  if (said.has('recoverytime')) said.set('eventstatus', 'RESOLVED');
  else if (said.has('eventtime')) said.set('eventstatus', 'PROBLEM');
  return said;
}
