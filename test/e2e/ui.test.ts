import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import type { RunInfo } from '../../triggers/path/ports.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/kit/run-context.ts';
import { runLink } from '../../workers/run-link.ts';
import { chromiumPath, needsChromium, openBrowser } from '../support/browser.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { storeAlert } from '../support/payloads.ts';
import { until } from '../support/until.ts';

const ARTEFACTS = join(import.meta.dirname, '../../artifacts/ui');
const executable = chromiumPath();
const SEEN_WITHIN_MS = 30_000;

describe('ui', needsChromium, () => {
  let tocsin: Installation;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let page: Page;
  let run: RunInfo;
  before(async () => {
    mkdirSync(ARTEFACTS, { recursive: true });
    tocsin = await startInstallation({ ui: true });
    await tocsin.service.exhaust();
    await Promise.all([tocsin.startReady('worker'), tocsin.startReady('trigger')]);
    await storeAlert(tocsin.log, tocsin.region, 'firing');
    run = await until('the run is completed', async () => {
      for await (const closed of tocsin.runs.closedSince(0)) return closed;
      return null;
    });
    browser = await openBrowser(executable ?? '');
    page = await browser.context.newPage();
  });
  after(async () => {
    await browser.close();
    await tocsin.stop();
  });

  const shows = async (text: string): Promise<void> => {
    await page.getByText(text).first().waitFor({ state: 'visible', timeout: SEEN_WITHIN_MS });
  };

  it('the list shows the id of the run', async () => {
    await page.goto(`${tocsin.servers.uiUrl}/namespaces/${tocsin.servers.namespace}/workflows`);
    await shows(run.workflowId);
    await page.screenshot({ path: join(ARTEFACTS, 'list.png') });
  });

  it('the list finds it by its attributes, and not by others', async () => {
    const list = `${tocsin.servers.uiUrl}/namespaces/${tocsin.servers.namespace}/workflows`;
    const by = (query: string): string => `${list}?query=${encodeURIComponent(query)}`;
    await page.goto(by("`TocsinService`='checkout' AND `TocsinRegion`='eu' AND `TocsinTrigger`='restart-service'"));
    await shows(run.workflowId);
    await page.goto(by("`TocsinService`='billing'"));
    await shows('No Workflows');
    assert.equal(await page.getByText(run.workflowId).count(), 0);
  });

  it('the run shows its attributes, and each step by its name', async () => {
    assert.equal(run.status, 'completed');
    await page.goto(`${runLink(tocsin.servers.uiUrl, tocsin.servers.namespace, run.workflowId, run.runId)}/timeline`);
    for (const step of ['is checkout still sick?', 'restart checkout', 'put checkout back in rotation'])
      await shows(step);
    await page.screenshot({ path: join(ARTEFACTS, 'timeline.png'), fullPage: true });
    await page.goto(
      `${runLink(tocsin.servers.uiUrl, tocsin.servers.namespace, run.workflowId, run.runId)}/search-attributes`,
    );
    for (const attribute of SEARCH_ATTRIBUTES) await shows(attribute);
    for (const [name, value] of [
      ['Region', 'eu'],
      ['Service', 'checkout'],
      ['Severity', 'critical'],
      ['Trigger', 'restart-service'],
    ])
      await shows(`"Tocsin${name}": "${value}"`);
    await page.screenshot({ path: join(ARTEFACTS, 'attributes.png'), fullPage: true });
  });

  it('the checklist is the run’s current details', async () => {
    await page.goto(`${runLink(tocsin.servers.uiUrl, tocsin.servers.namespace, run.workflowId, run.runId)}/timeline`);
    await page.getByText('User Metadata').first().click({ timeout: SEEN_WITHIN_MS });
    // Markdown is shown in a frame of its own.
    await until('the checklist is shown', async () => {
      const seen = await Promise.all(
        page.frames().map((frame) => frame.getByText('does checkout answer its health check?').count()),
      );
      return seen.some((count) => count > 0);
    });
    await page.screenshot({ path: join(ARTEFACTS, 'checklist.png'), fullPage: true });
  });
});
