import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { metricsContract } from '../support/metrics-contract.ts';
import { assertAsPromised } from '../support/queries.ts';

const ROOT = join(import.meta.dirname, '../..');
const RULES = join(ROOT, 'deploy/prometheus/tocsin-rules.yaml');
const RULE_TESTS = join(ROOT, 'deploy/prometheus/tocsin-rules.test.yaml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}
interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  ({ rules: all }) => all,
);
const panels = (JSON.parse(readFileSync(join(ROOT, 'deploy/grafana/tocsin.json'), 'utf8')) as { panels: Panel[] })
  .panels;

const promtool = (...args: readonly string[]): void => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
};
const missing =
  spawnSync('promtool', ['--version']).error !== undefined && 'promtool is not installed (Debian: prometheus)';

describe('alert rules', () => {
  it('ask for metrics and labels that are promised', () => {
    for (const { expr } of rules) assertAsPromised(expr);
  });

  it('each has a severity, a page section, and a unit test that it fires', () => {
    const page = readFileSync(join(ROOT, 'docs/alerts.md'), 'utf8');
    const tested = readFileSync(RULE_TESTS, 'utf8');
    for (const { alert, expr, labels, annotations } of rules) {
      assert.ok(['warning', 'critical'].includes(labels.severity), alert);
      assert.equal(annotations.runbook, `docs/alerts.md#${alert.toLowerCase()}`);
      assert.ok(page.includes(`\n## ${alert}\n\n\`${expr}\``), `${alert} as it is, in docs/alerts.md`);
      assert.match(tested, new RegExp(`alertname: ${alert}\\n[^-]*exp_labels`), alert);
    }
    const sections = [...page.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    assert.deepEqual(
      sections,
      rules.map(({ alert }) => alert),
    );
  });

  it('pass promtool, with its unit tests', { skip: missing }, () => {
    promtool('check', 'rules', RULES);
    promtool('test', 'rules', RULE_TESTS);
  });
});

describe('the Grafana dashboard', () => {
  const queries = panels.flatMap(({ targets }) => targets);

  it('asks for metrics and labels that are promised, and for each metric somewhere', () => {
    const shown = new Set(queries.flatMap(({ expr }) => assertAsPromised(expr)));
    assert.deepEqual(
      metricsContract()
        .map(({ name }) => name)
        .filter((name) => !shown.has(name)),
      [],
    );
    for (const { expr, legendFormat } of queries)
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        assert.match(expr, new RegExp(`by \\([^)]*\\b${label}\\b`), legendFormat);
  });

  it('has queries that promtool can parse', { skip: missing }, () => {
    const dir = mkdtempSync(join(tmpdir(), 'tocsin-queries-'));
    try {
      const expressions = queries.map(({ expr }) => expr.replaceAll(/\$__(rate_interval|range)/g, '5m'));
      const file = join(dir, 'queries.yaml');
      writeFileSync(
        file,
        stringify({
          groups: [{ name: 'queries', rules: expressions.map((expr, index) => ({ record: `q${index}`, expr })) }],
        }),
      );
      promtool('check', 'rules', file);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
