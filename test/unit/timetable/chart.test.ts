/** The chart of a timetable, and the page around it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readInstantText } from '../../../activities/calendar/instant-text.ts';
import { timetableHtml } from '../../../workers/timetable/timetable-html.ts';
import { timetableSvg } from '../../../workers/timetable/timetable-svg.ts';
import { timetableText } from '../../../workers/timetable/timetable-text.ts';
import { type FleetQuestion, regionIn, reportOn } from '../../support/rollout-report.ts';
import { assertWellFormed } from '../../support/xml.ts';

const ZONES = ['Asia/Tokyo', 'Europe/Berlin', 'America/New_York', 'Pacific/Auckland'];
const from = readInstantText('2026-10-24T10:00:00Z');
const NASTY = `<b> & "quotes" ${String.fromCharCode(7)}</svg>`;
const FLEET: FleetQuestion = {
  zones: ZONES,
  each: 4,
  night: { times: ['23:00-05:00'], exclude: ['freezes'] },
  freezes: [{ from, to: from + 40_000, why: NASTY }],
  at: '2026-10-24T12:00:00Z',
  rollout: { canary: 1, parallel: 2, soakMs: 1_800_000 },
  runbook: 'patch<Fleet>',
};

const CASES: readonly (readonly [why: string, fleet: FleetQuestion])[] = [
  ['over a weekend when clocks change', FLEET],
  ['of one wave in many regions', { ...FLEET, rollout: { waves: { by: 'share', percent: [30, 100] } } }],
  ['of a rollout that can never run', { ...FLEET, night: '22:00-22:10' }],
  ['of no targets', { ...FLEET, zones: [] }],
  [
    'over most of a year',
    { ...FLEET, night: { times: ['23:00-05:00'], months: 'aug' }, rollout: { waveTimeoutMs: 4e10 } },
  ],
];

describe('the chart of a timetable', () => {
  for (const [why, fleet] of CASES)
    it(`is well-formed XML: ${why}`, () => {
      const svg = timetableSvg(reportOn(fleet));
      assertWellFormed(svg);
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
      assert.match(
        svg,
        /aria-labelledby="t d">\n<title id="t">Timetable of patch&lt;Fleet&gt;<\/title>\n<desc id="d">./,
      );
    });

  it('shows every wave, every region with its zone, the nights, the freeze and the change of clocks', () => {
    const report = reportOn(FLEET);
    const svg = timetableSvg(report);
    for (const { name } of report.timetable.waves) assert.ok(svg.includes(`>${name}</text>`), name);
    for (const zone of ZONES) {
      assert.ok(svg.includes(`>${regionIn(zone)}</text>`), zone);
      assert.ok(svg.includes(`>${zone}</text>`), zone);
    }
    assert.match(svg, /class="night"/);
    assert.match(svg, /clocks go back 03:00 to 02:00 \(\+02:00 to \+01:00\) in Europe\/Berlin/);
    assert.match(svg, /frozen until .*&lt;b&gt; &amp; &quot;quotes&quot; \ufffd&lt;\/svg&gt;/);
    assert.match(svg, /class="now".*told from 2026-10-24T12:00:00Z/);
  });

  it('fetches nothing, runs nothing', () => {
    const svg = timetableSvg(reportOn(FLEET)).replace('http://www.w3.org/2000/svg', '');
    assert.doesNotMatch(svg, /https?:|<script|href=|@import|<image/);
  });

  it('stops at a bound of rows, and says so', () => {
    const percent = Array.from({ length: 90 }, (_, index) => index + 11);
    const svg = timetableSvg(reportOn({ ...FLEET, each: 100, rollout: { waves: { by: 'share', percent } } }));
    assertWellFormed(svg);
    assert.ok(svg.length < 4_000_000, `${svg.length} characters`);
  });
});

describe('the page of timetables', () => {
  const report = reportOn(FLEET);
  const html = timetableHtml([report, reportOn({ ...FLEET, runbook: 'other' })]);

  it('has every target, and ids only once', () => {
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
    const cells = html.match(/<td>web-\d<\/td>/g) ?? [];
    assert.equal(cells.length, 2 * 16);
    for (const [, id] of html.matchAll(/url\(#([^)]+)\)/g)) assert.ok(ids.includes(id), id);
  });

  it('escapes what others wrote, and fetches nothing', () => {
    assert.ok(!html.includes('<b>') && !html.includes('patch<Fleet>'));
    assert.doesNotMatch(html.replaceAll('http://www.w3.org/2000/svg', ''), /https?:|<script|href=|@import|<img/);
  });

  it('says the same as the table', () => {
    const [, , , ...rows] = timetableText(report).split('\n');
    const first = /(\w+ \d{4}-\d\d-\d\d \d\d:\d\d-\d\d:\d\d [+-]\d\d:\d\d)/.exec(rows.join('\n'))?.[1] ?? 'none';
    assert.ok(html.includes(`<td>${first}</td>`), first);
  });
});
