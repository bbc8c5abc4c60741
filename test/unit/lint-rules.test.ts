import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

interface Case {
  readonly folder: string;
  readonly code: string;
  /** The rule that refuses it; null for code that passes. */
  readonly rule: string | null;
}

const IMPORTS = 'no-restricted-imports';
const value = (path: string): string => `import { x } from '${path}';\nexport const y = x;`;
const type = (path: string): string => `import type { X } from '${path}';\nexport type Y = X;`;

/** The import table: `yes`, `type` (types only) or `no`, for each pair of folders. */
const TABLE: readonly (readonly [folder: string, path: string, allowed: 'yes' | 'type' | 'no'])[] = [
  ['workflows', './kit/index.ts', 'yes'],
  ['workflows', '../activities/services.ts', 'type'],
  ['workflows', '../activities/calendar/window.ts', 'no'],
  ['workflows', '../triggers/path/disposition.ts', 'type'],
  ['workflows', '../workers/config.ts', 'no'],
  ['workflows', 'fastify', 'no'],
  ['workflows', 'nats', 'no'],
  ['workflows', '@temporalio/workflow', 'yes'],
  ['workflows', '@temporalio/common', 'yes'],
  ['workflows', '@temporalio/activity', 'no'],
  ['workflows', '@temporalio/client', 'no'],
  ['workflows', '@temporalio/worker', 'no'],
  ['workflows/kit', '../../activities/services.ts', 'type'],
  ['workflows/kit', '../../workers/config.ts', 'no'],
  ['workflows/kit', 'node:fs', 'no'],
  ['activities', '../workflows/restart-service.ts', 'type'],
  ['activities', '../workflows/kit/run-context.ts', 'yes'],
  ['activities', './permanent.ts', 'yes'],
  ['activities', './calendar/window.ts', 'yes'],
  ['activities', '../triggers/events/alert.ts', 'type'],
  ['activities', '../workers/config.ts', 'no'],
  ['activities', 'node:fs', 'yes'],
  ['activities', 'nats', 'no'],
  ['triggers', '../workflows/index.ts', 'type'],
  ['triggers', '../workflows/kit/run-context.ts', 'yes'],
  ['triggers', '../activities/services.ts', 'no'],
  ['triggers', '../activities/calendar/window.ts', 'yes'],
  ['triggers', './events/alert.ts', 'yes'],
  ['triggers', '../workers/config.ts', 'no'],
  ['triggers', 'node:crypto', 'yes'],
  ['triggers', 'nats', 'no'],
  ['triggers/path', '../../activities/services.ts', 'no'],
  ['triggers/path', '../../workflows/restart-service.ts', 'type'],
  ['triggers/path', '../../workflows/kit/run-context.ts', 'yes'],
  ['triggers/nats', 'nats', 'yes'],
  ['triggers/nats', '../../workers/config.ts', 'no'],
  ['triggers/nats', '../../activities/services.ts', 'no'],
  ['workers', '../workflows/restart-service.ts', 'no'],
  ['workers', '../workflows/kit/run-context.ts', 'yes'],
  ['workers', '../activities/services.ts', 'yes'],
  ['workers', '../triggers/path/engine.ts', 'yes'],
  ['workers', 'node:fs', 'yes'],
  ['workers', 'nats', 'no'],
];

const tableCases: Case[] = TABLE.flatMap(([folder, path, allowed]) => [
  { folder, code: value(path), rule: allowed === 'yes' ? null : IMPORTS },
  { folder, code: type(path), rule: allowed === 'no' ? IMPORTS : null },
]);

/** What would make a run take another course when it is replayed elsewhere or later. */
const workflowCases: Case[] = [
  ...builtinModules
    .filter((name) => !name.startsWith('_'))
    .map((name) => ({ folder: 'workflows', code: value(name), rule: IMPORTS })),
  ...[
    ['export * from "node:fs";', IMPORTS],
    ['export const fs = await import("node:fs");', IMPORTS],
    ['export const fs = require("node:fs");', 'no-restricted-globals'],
    ['export const now = Date.now();', 'no-restricted-globals'],
    ['export const now = new Date();', 'no-restricted-globals'],
    ['export const now = Temporal.Now.instant();', 'no-restricted-globals'],
    ['export const now = performance.now();', 'no-restricted-globals'],
    ['export const now = globalThis.Date.now();', 'no-restricted-globals'],
    ['export const now = globalThis["Date"].now();', 'no-restricted-globals'],
    ['export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;', 'no-restricted-globals'],
    ['export const hour = (at: Date) => at.getHours();', 'no-restricted-properties'],
    ['export const text = (at: Date) => at.toLocaleTimeString();', 'no-restricted-properties'],
    ['export const offset = (at: Date) => at.getTimezoneOffset();', 'no-restricted-properties'],
    ['export const order = (a: string, b: string) => a.localeCompare(b);', 'no-restricted-properties'],
    ['export const text = (a: number) => a.toLocaleString();', 'no-restricted-properties'],
    ['export const answer = await fetch("http://x");', 'no-restricted-globals'],
    ['export const socket = new WebSocket("ws://x");', 'no-restricted-globals'],
    ['export const id = crypto.randomUUID();', 'no-restricted-globals'],
    ['export const id = Math.random();', 'no-restricted-properties'],
    ['export const home = process.env["HOME"];', 'no-restricted-globals'],
    ['export const text = Buffer.from("a");', 'no-restricted-globals'],
    ['export const timer = setTimeout(() => undefined, 1);', 'no-restricted-globals'],
    ['export const weak = new WeakRef({});', 'no-restricted-globals'],
    ['export const run = (): void => console.log("a");', 'no-console'],
    ['import { type X } from "../activities/services.ts";\nexport type Y = X;', 'no-import-type-side-effects'],
  ].map(([code = '', rule = '']) => ({ folder: 'workflows', code, rule })),
];

const cleanCases: Case[] = [
  {
    folder: 'workflows',
    code: `import { sleep, uuid4, workflowInfo } from '@temporalio/workflow';
import type { ServiceActivities } from '../activities/services.ts';
import { runbook } from './kit/index.ts';

export const wait = runbook<{ service: string }, string, ServiceActivities>(async ({ service }, run) => {
  await run.check('is it sick?', (on) => on.observeService({ service }));
  await sleep('1 minute');
  return \`\${uuid4()} \${workflowInfo().startTime.getTime()} \${workflowInfo().startTime.getUTCHours()}\`;
});`,
    rule: null,
  },
  { folder: 'activities', code: 'export const now = (): number => Date.now();', rule: null },
  {
    folder: 'activities/calendar',
    code: 'export const now = (): number => Date.now();',
    rule: 'no-restricted-globals',
  },
  { folder: 'activities/calendar', code: 'export const zone = Intl.DateTimeFormat();', rule: 'no-restricted-globals' },
  {
    folder: 'activities/calendar',
    code: 'export const day = (s: number): number => Math.floor(s / 86_400);',
    rule: null,
  },
  { folder: 'triggers', code: 'export const log = (): void => console.log("a");', rule: 'no-console' },
  { folder: 'workers', code: 'export const log = (): void => console.log("a");', rule: null },
];

describe('lint rules', () => {
  const cases = [...tableCases, ...workflowCases, ...cleanCases].map((one, n) => ({
    ...one,
    file: `${one.folder}/planted-${n}.ts`,
  }));
  let dir: string;
  let found: ReadonlyMap<string, readonly string[]>;

  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'tocsin-lint-'));
    copyFileSync(join(ROOT, '.oxlintrc.json'), join(dir, '.oxlintrc.json'));
    for (const { file, code } of cases) {
      mkdirSync(dirname(join(dir, file)), { recursive: true });
      writeFileSync(join(dir, file), `${code}\n`);
    }
    found = lint(dir);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  for (const { folder, code, rule, file } of cases) {
    const name = code.split('\n')[0] ?? '';
    it(`${folder}: ${rule === null ? 'allows' : 'refuses'} ${name}`, () => {
      assert.deepEqual([...new Set(found.get(file) ?? [])], rule === null ? [] : [rule]);
    });
  }
});

/** Errors by file, as names of rules without their plugin. */
function lint(dir: string): Map<string, string[]> {
  const oxlint = join(ROOT, 'node_modules/oxlint/bin/oxlint');
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--quiet', '--format', 'json'], {
    cwd: dir,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 50_000_000,
  });
  assert.match(stdout, /^\{/, `oxlint gave no report: ${stdout}${stderr}`);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  const byFile = new Map<string, string[]>();
  for (const { code, filename } of diagnostics) {
    const rule = /\((.*)\)$/.exec(code)?.[1] ?? code;
    byFile.set(filename, [...(byFile.get(filename) ?? []), rule]);
  }
  return byFile;
}
