/** `tocsin window`: what operators read about windows, and the hand that opens one. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeKey } from '../../workers/approval-key.ts';
import { chromiumPath, needsChromium, openBrowser } from '../support/browser.ts';
import { cli } from '../support/cli.ts';
import { type Installation, startInstallation } from '../support/installation.ts';
import { until } from '../support/until.ts';
import { type WindowLab, startWindowLab } from '../support/window-lab.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-window-'));
const file = (name: string): string => join(dir, name);
let tocsin: Installation;
let lab: WindowLab;

before(async () => {
  const ring = [{ id: 'ann', person: 'Ann', publicKey: makeKey(file('ann.pem')) }];
  makeKey(file('stranger.pem'));
  tocsin = await startInstallation({
    config: () => ({
      approvals: { keys: ring },
      windows: { open: { times: ['00:00-24:00'], zone: 'UTC' }, other: { times: ['01:00-02:00'], zone: 'UTC' } },
    }),
  });
  lab = await startWindowLab({ servers: tocsin.servers, ring });
});
after(async () => {
  await lab?.stop();
  await tocsin?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const run = (...args: readonly string[]) => cli(tocsin.env, '--json', ...args);
const override = (id: string, window: string, key: string, ...more: readonly string[]) =>
  run('window', 'override', id, window, '--why', 'disk is full', '-k', file(key), ...more);

describe('tocsin window override', () => {
  it('opens the window for a run that waits, and the operator log has it', async () => {
    lab.freeze(-3_600_000, 3_600_000);
    const id = await lab.begin('patch');
    await until('it waits', async () => (await lab.details(id)).includes('waits for window'));
    const { code, json } = await override(id, 'open', 'ann.pem', '--for', '10m');
    assert.equal(code, 0);
    assert.equal((json as { person: string }).person, 'Ann');
    assert.equal(await lab.temporal.client.workflow.getHandle(id).result(), 'done');
    assert.match(await lab.details(id), /opened by Ann until .*: disk is full/);
    const log = await run('operator-log', 'list');
    assert.match(log.stdout, /window override/);
    assert.match(log.stdout, /disk is full/);
    const again = await override(id, 'open', 'ann.pem');
    assert.deepEqual([again.code, /waits for no window \(completed/.test(again.stdout)], [1, true]);
  });

  for (const [why, args, words] of [
    ['a key that is not in the ring', ['open', 'stranger.pem'], /is not in approvals\.keys/],
    [
      'a window that is not there',
      ['shut', 'ann.pem'],
      /window \\"shut\\" is not configured; expected one of open, other/,
    ],
    ['a time beyond a day', ['open', 'ann.pem', '--for', '25h'], /expected one up to 24h/],
    ['a run that is not there', ['open', 'ann.pem'], /run \\"patch\/none\\" is unknown/],
  ] as const)
    it(`refuses ${why}`, async () => {
      const [window, key, ...more] = args;
      const { code, stdout } = await override('patch/none', window, key, ...more);
      assert.equal(code, 2);
      assert.match(stdout, words);
    });
});

describe('tocsin window explain and preview', () => {
  const config = file('tocsin.yaml');
  const YAML = `
regions: [eu, us]
windows:
  night: { times: ['01:30-03:30'], weekdays: sun, zone: Europe/Berlin }
  placeless: { times: ['01:00-02:00'] }
`;
  before(() => writeFileSync(config, YAML));
  const window = (...args: readonly string[]) => cli(process.env, '--json', '-c', config, 'window', ...args);

  it('says whether it is open, until when and why', async () => {
    const { code, json } = await window('explain', 'night', '--at', '2027-03-28T00:45:00Z');
    assert.equal(code, 0);
    const { places } = json as { places: { why: string; closesAt: string }[] };
    // The hour from two to three does not exist that night.
    assert.deepEqual(
      places.map(({ closesAt }) => closesAt),
      ['2027-03-28T01:30:00Z', '2027-03-28T01:30:00Z'],
    );
    assert.match(places[0]?.why ?? '', /open until 2027-03-28T03:30:00\+02:00\[Europe\/Berlin\]/);
  });

  it('ends with 1 where it is in doubt, and answers for a zone', async () => {
    const { code, json } = await window('explain', 'placeless');
    assert.equal(code, 1);
    assert.match(JSON.stringify(json), /region \\"us\\" has none either/);
    assert.equal((await window('explain', 'placeless', '--region', 'Asia/Tokyo')).code, 0);
    assert.equal((await window('explain', 'placeles')).code, 2);
  });

  it('lists the openings, and draws them', async (t) => {
    const svg = file('night.svg');
    const { json } = await window(
      'preview',
      'night',
      '--at',
      '2027-03-20T00:00:00Z',
      '--days',
      '16',
      '--region',
      'eu',
      '--svg',
      svg,
    );
    const { places } = json as { places: { open: { from: string; to: string }[] }[] };
    assert.deepEqual(
      places[0]?.open.map(({ from, to }) => `${from} ${to}`),
      [
        '2027-03-21T00:30:00Z 2027-03-21T02:30:00Z',
        '2027-03-28T00:30:00Z 2027-03-28T01:30:00Z',
        '2027-04-03T23:30:00Z 2027-04-04T01:30:00Z',
      ],
    );
    const drawn = readFileSync(svg, 'utf8');
    assert.match(drawn, /^<svg xmlns/);
    await t.test('as Chromium shows it', needsChromium, async () => {
      const { context, close } = await openBrowser(chromiumPath() ?? '');
      try {
        const page = await context.newPage();
        await page.setContent(drawn);
        assert.ok((await page.locator('rect.open').count()) >= 3);
        const shot = process.env['TOCSIN_SHOT'];
        if (shot !== undefined) await page.screenshot({ path: shot });
      } finally {
        await close();
      }
    });
  });
});
