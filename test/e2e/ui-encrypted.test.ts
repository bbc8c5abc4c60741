/** What an operator sees in the Temporal UI of an installation that encrypts, with `tocsin codec-server` and without. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { parse, stringify } from 'yaml';
import { runLink } from '../../workers/run-link.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { chromiumPath, openBrowser } from '../support/browser.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';

const ARTEFACTS = join(import.meta.dirname, '../../artifacts/ui');
const executable = chromiumPath();
const SEEN_WITHIN_MS = 30_000;
/** The result of the run, and the summary of a step. */
const CLEAR = ['"restarted"', 'restart checkout'];

describe('the UI of what is encrypted', { skip: executable === null ? 'no Chromium is installed' : false }, () => {
  let tocsin: Installation;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;
  let codecUrl: string;
  let link: string;
  before(async () => {
    mkdirSync(ARTEFACTS, { recursive: true });
    const port = await freePort();
    codecUrl = `http://127.0.0.1:${port}`;
    const keys = [{ id: 'test', key: 'env:TEST_KEY' }];
    tocsin = await startInstallation({
      ui: true,
      env: { TEST_KEY: randomBytes(32).toString('base64') },
      config: () => ({ encryption: { keys, server: { port } } }),
    });
    // Whose pages the codec server answers follows from where the UI is.
    const path = tocsin.env['TOCSIN_CONFIG'] ?? '';
    const temporal = { uiUrl: tocsin.servers.uiUrl };
    writeFileSync(path, stringify({ ...parse(readFileSync(path, 'utf8')), temporal }));
    await tocsin.service.exhaust();
    await tocsin.startReady('worker');
    const input = '{"service":"checkout"}';
    const { code, json, stderr } = await cli(tocsin.env, 'run', 'restartService', '--input', input, '--json');
    assert.equal(code, 0, stderr);
    const handle = tocsin.client.workflow.getHandle((json as { workflowId: string }).workflowId);
    assert.equal(((await handle.result()) as { outcome: string }).outcome, 'restarted');
    const { uiUrl, namespace } = tocsin.servers;
    link = runLink(uiUrl, namespace, handle.workflowId, (await handle.describe()).runId);
    browser = await openBrowser(executable ?? '');
    page = await browser.context.newPage();
  });
  after(async () => {
    await browser?.close();
    await tocsin?.stop();
  });

  /** The page of the run, once its result is on it. */
  async function open(): Promise<void> {
    await page.goto(`${link}/timeline`);
    await shows('Result');
  }
  const shows = (text: string): Promise<void> =>
    page.getByText(text).first().waitFor({ state: 'visible', timeout: SEEN_WITHIN_MS });

  it('without a codec endpoint shows bytes', async () => {
    await open();
    await page.screenshot({ path: join(ARTEFACTS, 'encrypted.png'), fullPage: true });
    await shows('restartUnit');
    for (const text of CLEAR) assert.equal(await page.getByText(text).count(), 0, text);
  });

  it('with `tocsin codec-server` as the codec endpoint shows clear text', async () => {
    await tocsin.startRole('codec-server');
    await until('the codec server answers', async () => (await fetch(`${codecUrl}/decode`)).status > 0);
    await page.getByTestId('data-encoder-status').click({ timeout: SEEN_WITHIN_MS });
    await page.getByText('Use my browser setting and ignore Cluster-level setting.').click({ timeout: SEEN_WITHIN_MS });
    await page.getByRole('dialog').getByRole('textbox').first().fill(codecUrl, { timeout: SEEN_WITHIN_MS });
    await page.screenshot({ path: join(ARTEFACTS, 'codec-endpoint.png'), fullPage: true });
    await page.getByRole('button', { name: 'Apply' }).click({ timeout: SEEN_WITHIN_MS });
    await open();
    for (const text of CLEAR) await shows(text);
    await page.screenshot({ path: join(ARTEFACTS, 'decoded.png'), fullPage: true });
  });
});
