import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readInstantText } from '../../activities/calendar/instant-text.ts';
import { openZoneData } from '../../activities/calendar/zone-data.ts';
import { previewSvg } from '../../workers/windows/preview-svg.ts';
import { previewText } from '../../workers/windows/preview-text.ts';
import { wallPieces } from '../../workers/windows/wall-pieces.ts';
import { previewWindow } from '../../workers/windows/window-preview.ts';

const zones = openZoneData({ env: process.env });
const day = Date.parse('2026-11-03T00:00:00Z') / 86_400_000;
const definitions = {
  windows: {
    nights: { zone: 'America/New_York', times: ['00:30-03:30'], exclude: ['holidays:us'] },
    berlin: { zone: 'Europe/Berlin', times: ['22:00-04:00'] },
  },
  holidays: { us: () => ({ dates: new Set([day]), coversUntil: day + 400 }) },
};
const preview = (name: string, from: string, days: number) =>
  previewWindow({ use: name, where: 'eu', from: readInstantText(from), days }, definitions, zones, () => undefined);

describe('preview of a window', () => {
  it('spans whole local days, and says what is excluded and where clocks change', () => {
    const text = previewText(preview('nights', '2026-11-01T12:00:00Z', 3))
      .split('\n')
      .slice(1);
    assert.deepEqual(text, [
      '  Sun 2026-11-01 00:30-03:30 -04:00 to -05:00  2026-11-01T04:30Z-08:30Z  4 h',
      '  Sun 2026-11-01  clocks go back 02:00 to 01:00 (-04:00 to -05:00)',
      '  Mon 2026-11-02 00:30-03:30 -05:00  2026-11-02T05:30Z-08:30Z  3 h',
      '  Tue 2026-11-03 00:30-03:30 -05:00  shut: holidays:us has 2026-11-03',
    ]);
  });

  it('an hour that occurs twice lies on the wall twice; a stretch over midnight on both days', () => {
    const back = preview('nights', '2026-11-01T12:00:00Z', 1);
    assert.deepEqual(
      wallPieces(back.open, back.zone, back.span, back.changes).map(({ begin, end, pass }) => [begin, end, pass]),
      [
        [1_800, 3_600, null],
        [3_600, 7_200, 1],
        [3_600, 7_200, 2],
        [7_200, 12_600, null],
      ],
    );
    const over = preview('berlin', '2026-12-01T12:00:00Z', 2);
    const hours = wallPieces(over.open, over.zone, over.span, over.changes).map(({ begin, end }) => [begin, end]);
    assert.deepEqual(hours, [
      [0, 14_400],
      [79_200, 86_400],
      [0, 14_400],
      [79_200, 86_400],
    ]);
  });

  it('as a picture shows each of these, and no text of a configuration becomes markup', () => {
    const svg = previewSvg({ ...preview('nights', '2026-11-01T12:00:00Z', 3), where: '<eu>&' }, 0);
    assert.match(svg, /Window nights in &lt;eu&gt;&amp;/);
    assert.match(svg, /clocks go back 02:00 to 01:00/);
    assert.equal(svg.match(/class="open" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="7"/g)?.length, 2);
    assert.match(previewSvg(preview('berlin', '2027-03-28T12:00:00Z', 1), 0), /these readings do not exist/);
  });
});
