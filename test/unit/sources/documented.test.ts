/** What the pages of docs/sources tell people to paste must work as it stands there. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createGeneric } from '../../../triggers/sources/generic.ts';
import { healthchecks } from '../../../triggers/sources/healthchecks.ts';
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
