/** What a PromQL query asks for, as far as our metrics go; enough to compare it with the contract. */
import assert from 'node:assert/strict';
import { metricsContract } from './metrics-contract.ts';

/** Labels that Prometheus adds. */
const ADDED = ['instance', 'job', 'le'];
const promised = new Map(metricsContract().map((metric) => [metric.name, metric]));

/** Fails when a metric or a label is not promised. Resolves to the metrics asked for. */
export function assertAsPromised(query: string): readonly string[] {
  const names = [...query.matchAll(/\btocsin_\w+/g)].map(([name]) => metricOf(name, query));
  const allowed = new Set([...ADDED, ...names.flatMap((name) => promised.get(name)?.labels ?? [])]);
  const grouped = [...query.matchAll(/\b(?:by|without|on) ?\(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(','));
  const matched = [...query.matchAll(/\{([^}]*)\}/g)].flatMap(([, list = '']) =>
    [...list.matchAll(/(\w+) ?(?:=|!=|=~|!~)/g)].map(([, name = '']) => name),
  );
  for (const label of [...grouped, ...matched].map((each) => each.trim()))
    assert.ok(allowed.has(label), `label ${label} is not promised: ${query}`);
  return names;
}

function metricOf(name: string, query: string): string {
  if (promised.has(name)) return name;
  const base = name.replace(/_(bucket|sum|count)$/, '');
  assert.equal(promised.get(base)?.type, 'histogram', `metric ${name} is not promised: ${query}`);
  return base;
}
