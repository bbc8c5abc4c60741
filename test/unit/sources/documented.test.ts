/** What the pages of docs/sources tell people to paste must work as it stands there. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { verify as isSignedByGrafana } from '../../../triggers/intake/signatures/grafana.ts';
import { createGeneric } from '../../../triggers/sources/generic.ts';
import { healthchecks } from '../../../triggers/sources/healthchecks.ts';
import { sources } from '../../../triggers/sources/index.ts';
import { uptimerobot } from '../../../triggers/sources/uptimerobot.ts';
import { loadConfig } from '../../../workers/config.ts';
import { onlyAlert, requestOf } from '../../support/source-request.ts';

const PAGES = join(import.meta.dirname, '../../../docs/sources');

const read = (page: string): string => readFileSync(join(PAGES, page), 'utf8');

/** The first block of this language that has `word` in it. */
function pasted(page: string, language: string, word: string): string {
  const blocks = read(page).matchAll(/^```(\w+)\n([\s\S]*?)^```/gm);
  const found = [...blocks].find(([, name, text]) => name === language && text?.includes(word));
  return found?.[2] ?? assert.fail(`${page} has no such block`);
}

function load(yaml: string) {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-docs-'));
  try {
    const file = join(folder, 'tocsin.yaml');
    writeFileSync(file, yaml);
    return loadConfig({ file, env: {} });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('documented set-up', () => {
  const pages = readdirSync(PAGES).filter((page) => page !== 'README.md' && read(page).includes('\n  senders:\n'));
  assert.ok(pages.length >= 10);
  for (const page of pages)
    it(`${page}: the sender`, () => {
      const { senders } = load(pasted(page, 'yaml', 'senders:')).intake;
      assert.deepEqual(
        senders.map(({ kind }) => kind),
        [page.replace(/\.md$/, '')],
      );
    });

  it('azure-monitor: the address carries what the sender has to prove', () => {
    const [sender] = load(pasted('azure-monitor.md', 'yaml', 'senders:')).intake.senders;
    const [address = ''] = /https:[^"\s]+/.exec(pasted('azure-monitor.md', 'sh', 'webhook')) ?? [];
    const { username, password, pathname } = new URL(address);
    assert.ok(sender?.auth.kind === 'basic');
    assert.deepEqual([username, password, pathname], [sender.auth.user, '$AZURE_PASSWORD', `/in/${sender.name}`]);
  });

  it('grafana: the names of the headers are those that are checked', () => {
    const { senders } = load(pasted('grafana.md', 'yaml', 'scheme: grafana')).intake;
    assert.deepEqual(
      senders.map(({ kind, auth }) => [kind, auth.kind === 'signature' && auth.scheme]),
      [['grafana', 'grafana']],
    );
    const { settings } = parse(pasted('grafana.md', 'yaml', 'hmacConfig:')) as {
      settings: { hmacConfig: { header: string; timestampHeader: string } };
    };
    const { header, timestampHeader } = settings.hmacConfig;
    const now = new Date('2026-06-01T12:00:00Z');
    const timestamp = String(now.getTime() / 1_000);
    const signature = createHmac('sha256', 'one secret').update(`${timestamp}:{}`).digest('hex');
    const headers = { [header.toLowerCase()]: signature, [timestampHeader.toLowerCase()]: timestamp };
    assert.ok(isSignedByGrafana(Buffer.from('{}'), headers, ['one secret'], now));
  });

  it('generic: the mapping', () => {
    const [sender] = load(pasted('generic.md', 'yaml', 'senders:')).intake.senders;
    const source = createGeneric(sender?.mapping ?? assert.fail('no mapping'));
    const item = { host: 'db-7', check: 'disk', state: 2, changed: 1_777_629_600, where: { region: 'eu' } };
    const alert = onlyAlert(source, requestOf({ alerts: [item] }));
    assert.deepEqual(
      [alert.status, alert.time.occurred, alert.location.region?.value],
      ['firing', '2026-05-01T10:00:00Z', 'eu'],
    );
  });

  it('healthchecks: the body', () => {
    const values = {
      CODE: '5d1c464a-812a-4dd1-8bbf-ba8c05265200',
      STATUS: 'up',
      NAME_JSON: '"A \\"backup\\""',
      NOW: '2026-05-01T10:00:00+00:00',
    };
    const body = pasted('healthchecks.md', 'json', '$CODE').replace(
      /\$([A-Z_]+)/g,
      (text, name: keyof typeof values) => values[name] ?? text,
    );
    assert.ok(healthchecks.recognises(requestOf(body)));
    const { status, title, labels } = onlyAlert(healthchecks, requestOf(body));
    assert.deepEqual([status, title, labels], ['resolved', 'A "backup"', {}]);
  });

  it('uptimerobot: the body', () => {
    const values = { monitorID: '77', alertType: '1', alertDateTime: '1777629600' };
    const body = pasted('uptimerobot.md', 'json', 'monitorID').replace(
      /\*(\w+)\*/g,
      (text, name: keyof typeof values) => values[name] ?? text,
    );
    assert.ok(uptimerobot.recognises(requestOf(body)));
    const { status, alertKey, labels } = onlyAlert(uptimerobot, requestOf(body));
    assert.deepEqual([status, alertKey, labels], ['firing', 'test:monitor:77', {}]);
  });
});

/** Kinds of which several have one file of tests. */
const TESTED_TOGETHER: Readonly<Record<string, string>> = {
  healthchecks: 'uptime-checkers',
  pingdom: 'uptime-checkers',
  'uptime-kuma': 'uptime-checkers',
  uptimerobot: 'uptime-checkers',
};
const TESTS = [import.meta.dirname, join(import.meta.dirname, '..')];

describe('every kind of sender', () => {
  for (const kind of [...sources.keys(), 'generic']) {
    it(`${kind} has a page, which the list of kinds names`, () => {
      assert.match(read(`${kind}.md`), /^# \S/);
      assert.ok(read('README.md').includes(`\n- [${kind}](${kind}.md)\n`));
    });

    it(`${kind} has a file of tests`, () => {
      const files = TESTS.map((folder) => join(folder, `${TESTED_TOGETHER[kind] ?? kind}.test.ts`));
      const file = files.find((each) => existsSync(each)) ?? assert.fail('no test file');
      assert.ok(readFileSync(file, 'utf8').includes(`/sources/${kind}.ts'`), `${file} does not import it`);
    });
  }
});
