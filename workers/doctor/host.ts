/** This host: Node, zone data, room in the data directory. */
import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ZoneData, openZoneData } from '../../activities/calendar/zone-data.ts';
import { type Examination, type Finding, error, ok, warning } from './finding.ts';
import { isOlder } from './version.ts';

const LEAST_NODE = '20.19.0';
const GIB = 1_073_741_824;
const LEAST_FREE = GIB;
const LEAST_SHARE = 0.1;

export const host: Examination = {
  name: 'host',
  needs: null,
  examine: async ({ config }) => [
    nodeFinding(),
    zoneFinding(openZoneData({ env: process.env })),
    diskFinding(config.dataDir),
  ],
};

const nodeFinding = (): Finding =>
  isOlder(process.versions.node, LEAST_NODE)
    ? error(`Node is ${process.versions.node}`, `use ${LEAST_NODE} or later`)
    : ok(`Node is ${process.versions.node}`);

export const zoneFinding = ({ tzdb, origin }: Pick<ZoneData, 'tzdb' | 'origin'>): Finding =>
  tzdb === 'unknown'
    ? warning(`the zone data in ${origin} does not say which release it is`, 'name a directory that has a tzdata.zi')
    : ok(`zone data is ${tzdb}, from ${origin}`);

export function diskFinding(dataDir: string): Finding {
  const { bavail, blocks, bsize } = statfsSync(existing(resolve(dataDir)));
  const free = bavail * bsize;
  const share = blocks === 0 ? 1 : bavail / blocks;
  const text = `${(free / GIB).toFixed(1)} GiB (${Math.round(share * 100)} %) are free in ${dataDir}`;
  if (free >= LEAST_FREE && share >= LEAST_SHARE) return ok(text);
  return free < LEAST_FREE / 4
    ? error(text, 'make room: events are refused and runs stop when it is full')
    : warning(text, 'make room before it is full');
}

/** A directory that is made at the first start stands on the file system of the nearest one that is there. */
const existing = (dir: string): string => (existsSync(dir) ? dir : existing(dirname(dir)));
