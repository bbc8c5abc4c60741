/** The metrics that docs/metrics.md promises. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PromisedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly role: string;
}

const FILE = join(import.meta.dirname, '../../docs/metrics.md');

export const metricsContract = (): readonly PromisedMetric[] =>
  readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `tocsin_'))
    .map((line) => {
      const [, name = '', type = '', labels = '', role = ''] = line.split('|').map((cell) => cell.trim());
      return {
        name: name.replaceAll('`', ''),
        type,
        labels: [...labels.matchAll(/`(\w+)`/g)].map(([, each = '']) => each),
        role,
      };
    });

export interface OfferedMetric {
  readonly type: string;
  /** Of every sample, without `le`. */
  readonly labels: ReadonlySet<string>;
  readonly samples: number;
}

/** Ours, out of a page of `/metrics`. */
export function offeredMetrics(page: string): ReadonlyMap<string, OfferedMetric> {
  const found = new Map<string, { type: string; labels: Set<string>; samples: number }>();
  for (const [, name = '', type = ''] of page.matchAll(/^# TYPE (tocsin_\w+) (\w+)$/gm))
    found.set(name, { type, labels: new Set(), samples: 0 });
  for (const [, sample = '', labels = ''] of page.matchAll(/^(tocsin_\w+)(?:\{(.*)\})? \S+$/gm)) {
    const metric = found.get(sample) ?? found.get(sample.replace(/_(bucket|sum|count)$/, ''));
    if (metric === undefined) throw new Error(`sample ${sample} has no type`);
    metric.samples += 1;
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) if (label !== 'le') metric.labels.add(label);
  }
  return found;
}
