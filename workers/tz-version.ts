/** Which release of the zone data this host has. Hosts of different releases may disagree about local time. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const DIRS = ['/usr/share/zoneinfo', '/usr/share/lib/zoneinfo', '/etc/zoneinfo'];

/** `2025b`; null when the host has none, or does not say. */
export function tzVersion(dirs: readonly string[] = DIRS): string | null {
  for (const dir of dirs) {
    const packed = firstLine(join(dir, 'tzdata.zi'));
    const version = /^# version (\d{4}[a-z]+)/.exec(packed)?.[1] ?? firstLine(join(dir, '+VERSION')).trim();
    if (/^\d{4}[a-z]+$/.test(version)) return version;
  }
  return null;
}

const firstLine = (file: string): string =>
  existsSync(file) ? (readFileSync(file, 'utf8').split('\n', 1)[0] ?? '') : '';
