/** Zone data of an old release, as a host has it that nobody updates. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const OLD_RELEASE = '2019a';

/** Environment of a process on such a host; the files are in `dir`. */
export function oldZoneData(dir: string): Readonly<Record<string, string>> {
  const zones = join(dir, 'zoneinfo');
  mkdirSync(join(zones, 'Europe'), { recursive: true });
  cpSync('/usr/share/zoneinfo/Europe/Berlin', join(zones, 'Europe/Berlin'), { dereference: true });
  writeFileSync(join(zones, 'tzdata.zi'), `# version ${OLD_RELEASE}\n`);
  return { TZDIR: zones };
}
