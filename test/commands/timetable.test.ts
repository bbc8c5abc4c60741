/** `tocsin timetable`: no server, one configuration. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { chromiumPath, needsChromium, openBrowser } from '../support/browser.ts';
import { cli } from '../support/cli.ts';

const dir = mkdtempSync(join(tmpdir(), 'tocsin-timetable-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const REGIONS = { tokyo: 'Asia/Tokyo', frankfurt: 'Europe/Berlin', virginia: 'America/New_York' };
const config = (name: string, night: unknown): string => {
  const file = join(dir, `${name}.yaml`);
  const services = Object.keys(REGIONS).flatMap((region) =>
    ['one', 'two'].map((each) => ({
      name: each,
      region,
      labels: { patch: 'night', fleet: each },
      health: 'http://127.0.0.1:1/health',
      status: ['/bin/true'],
      restart: ['/bin/true'],
    })),
  );
  const regions = Object.entries(REGIONS).map(([region, zone]) => ({ name: region, zone }));
  writeFileSync(file, JSON.stringify({ dataDir: dir, regions, services, windows: { 'night-patch': night } }));
  return file;
};

const AT = ['--at', '2026-10-24T12:00:00Z'];
const timetable = (file: string, ...args: readonly string[]) =>
  cli(process.env, '--json', '-c', file, 'timetable', ...args);

interface Told {
  readonly timetables: readonly {
    readonly runbook: string;
    readonly tzdb: string;
    readonly targets: number;
    readonly endsAt: string | null;
    readonly waves: readonly {
      readonly name: string;
      readonly targets: readonly { readonly localBeginsAt: string }[];
    }[];
    readonly findings: readonly { readonly kind: string }[];
  }[];
}

describe('tocsin timetable', () => {
  it('tells local times of the shipped rollout as JSON, and draws it', async (t) => {
    const html = join(dir, 'plan.html');
    const { code, json } = await timetable(config('good', '23:00-05:00'), 'patchFleet', ...AT, '--html', html);
    assert.equal(code, 0);
    const [told] = (json as Told).timetables;
    assert.deepEqual([told?.runbook, told?.targets, typeof told?.endsAt], ['patchFleet', 6, 'string']);
    assert.match(told?.tzdb ?? '', /^\d{4}[a-z]$/);
    for (const { localBeginsAt } of told?.waves.flatMap(({ targets }) => targets) ?? [])
      assert.match(localBeginsAt, /T(23|0[0-4]):\d\d:00[+-]\d\d:00\[/);
    await t.test('as Chromium shows it', needsChromium, async () => {
      const { context, close } = await openBrowser(chromiumPath() ?? '');
      try {
        const page = await context.newPage();
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          await page.setContent(readFileSync(html, 'utf8'));
          assert.ok((await page.locator('rect.act').count()) >= 4);
          const shot = process.env['TOCSIN_SHOT'];
          if (shot !== undefined) await page.screenshot({ path: `${shot}-${colorScheme}.png` });
        }
      } finally {
        await close();
      }
    });
  });

  it('ends with 1 when a wave can never run, and says which', async () => {
    const { code, json } = await timetable(config('short', '23:00-23:10'), 'patchFleet', ...AT);
    assert.equal(code, 1);
    const [told] = (json as Told).timetables;
    assert.equal(told?.endsAt, null);
    assert.deepEqual([...new Set(told?.findings.map(({ kind }) => kind))], ['wave', 'too-short']);
  });

  it('narrows the targets, and refuses what declares no rollout', async () => {
    const file = config('narrow', '23:00-05:00');
    const { json } = await timetable(file, 'patchFleet', ...AT, '--selector', 'fleet=one');
    assert.equal((json as Told).timetables[0]?.targets, 3);
    const none = await timetable(file, 'restartService');
    assert.equal(none.code, 2);
    assert.match(none.stdout, /declares no rollout; expected one of patchFleet/);
    assert.equal((await timetable(file, 'patchFleet', '--at', 'soon')).code, 2);
  });
});
