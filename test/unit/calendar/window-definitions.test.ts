/** Definitions of windows at random: each is read as it was meant, or refused with the place of what is wrong; none opens by what was not understood. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CalendarError, type Problem } from '../../../activities/calendar/calendar-error.ts';
import { readInstantText } from '../../../activities/calendar/instant-text.ts';
import { readWindow } from '../../../activities/calendar/read-window.ts';
import { type Window, openSpans } from '../../../activities/calendar/window.ts';
import { openZoneData } from '../../../activities/calendar/zone-data.ts';
import { createWindows } from '../../../activities/windows/windows.ts';
import { type Node, opened, writtenWindow } from '../../support/window-definitions.ts';
import { SCANNED, scan } from '../../support/window-scan.ts';

const zones = openZoneData();
const KEYS = new Set(
  ['any', 'times', 'start', 'end', 'from', 'to', 'start_time', 'end_time', 'weekdays', 'days', 'daysOfMonth']
    .concat(['days_of_month', 'nth', 'months', 'years', 'holidays', 'strict', 'coversUntil', 'covers_until', 'freezes'])
    .concat(['why', 'date', 'name', 'source']),
);
const anything = fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withObjectString: true });

/** Null: it was read. */
function refusal(definition: unknown): readonly Problem[] | null {
  try {
    readWindow(definition);
    return null;
  } catch (error) {
    assert.ok(error instanceof CalendarError, String(error));
    assert.equal(error.code, 'bad-window');
    assert.notEqual(error.problems.length, 0);
    return error.problems;
  }
}

function mustRefuse(definition: unknown, place: string): void {
  const problems = refusal(definition) ?? assert.fail(`it was read: ${JSON.stringify(definition)}`);
  assert.ok(
    problems.some((problem) => problem.place.startsWith(place)),
    `${place} is not told in ${JSON.stringify(problems)}`,
  );
}

const put = ({ value }: Node, key: string, content: unknown): unknown =>
  Object.defineProperty(value, key, { value: content, enumerable: true, configurable: true, writable: true });

describe('a definition of a window', () => {
  it('is read as it was meant', () => {
    fc.assert(
      fc.property(writtenWindow, ({ definition, windows, zone: id, from }) => {
        const [zone, to] = [zones.zone(id), from + SCANNED];
        assert.deepEqual(openSpans(readWindow(definition), zone, from, to), scan(windows, zone, from, to));
      }),
      { numRuns: 200 },
    );
  });

  it('is refused with an unknown key anywhere, whatever it holds', () => {
    const key = fc.oneof(
      fc.string(),
      fc.constantFrom('weekday', 'holiday', 'exclude', 'zone', 'toString', '__proto__'),
    );
    const unknown = key.filter((each) => !KEYS.has(each));
    fc.assert(
      fc.property(writtenWindow, fc.nat(), unknown, anything, ({ definition }, index, name, content) => {
        const { copy, nodes } = opened(definition);
        const node = nodes[index % nodes.length];
        fc.pre(node !== undefined);
        put(node, name, content);
        mustRefuse(copy, `${node.place}/${name}`);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused where a key stands without a value', () => {
    fc.assert(
      fc.property(writtenWindow, fc.nat(), fc.nat(), ({ definition }, index, which) => {
        const { copy, nodes } = opened(definition);
        const node = nodes[index % nodes.length];
        const name = node === undefined ? undefined : Object.keys(node.value)[which % Object.keys(node.value).length];
        fc.pre(node !== undefined && name !== undefined);
        put(node, name, null);
        mustRefuse(copy, `${node.place}/${name}`);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused with a condition of days beside `any`, and with a `strict` that is no boolean', () => {
    fc.assert(
      fc.property(writtenWindow, fc.constantFrom('weekdays', 'months', 'start', 'times'), (written, name) => {
        const { copy, nodes } = opened({ any: [written.definition] });
        put(nodes[0] ?? assert.fail(), name, ['mon']);
        mustRefuse(copy, `/${name}`);
      }),
    );
    fc.assert(
      fc.property(
        writtenWindow,
        anything.filter((each) => typeof each !== 'boolean' && each !== undefined),
        (written, strict) => {
          const { copy, nodes } = opened({ any: [written.definition] });
          put(nodes[0] ?? assert.fail(), 'strict', strict);
          mustRefuse(copy, '/strict');
        },
      ),
    );
  });

  it('is refused, or is what a scan says of what was read, with anything in the place of anything', () => {
    let [read, refused] = [0, 0];
    const changed = fc.tuple(writtenWindow, fc.nat(), fc.nat(), anything).map(([written, index, which, content]) => {
      const { copy, nodes } = opened(written.definition);
      const node = nodes[index % nodes.length];
      const names = node === undefined ? [] : Object.keys(node.value);
      const name = names[which % names.length];
      if (node === undefined || name === undefined) return { ...written, definition: content };
      put(node, name, content);
      return { ...written, definition: copy };
    });
    fc.assert(
      fc.property(fc.oneof(changed, fc.tuple(writtenWindow, anything).map(inPlaceOf)), ({ definition, zone, from }) => {
        if (refusal(definition) !== null) refused += 1;
        else {
          read += 1;
          agrees(readWindow(definition), zone, from);
        }
        // The same by its name: a definition that was refused closes by doubt, and says why.
        const windows = createWindows(
          { windows: { w: definition } },
          () => zones,
          () => zone,
        );
        const answer = windows.at('w', 'eu', from * 1_000);
        assert.ok(!answer.open || refusal(definition) === null || isNamed(definition), answer.why);
      }),
      { numRuns: 400 },
    );
    assert.ok(refused > 50, `only ${refused} were refused`);
    assert.ok(read > 5, `only ${read} were read`);
  });

  it('does not open when it is written by somebody who thinks of something else', () => {
    for (const definition of [true, 0, '', 'always', {}, { open: true }, [[]], [null], { any: null }, { any: {} }])
      if (refusal(definition) === null) agrees(readWindow(definition), 'UTC', readInstantText('2026-01-01T00:00:00Z'));
    const windows = createWindows(
      { windows: { a: {}, b: { any: [] }, c: 'always' } },
      () => zones,
      () => 'UTC',
    );
    for (const name of ['a', 'b', 'c']) {
      const { open, doubt } = windows.at(name, 'eu', 0);
      assert.deepEqual([open, doubt], [false, true]);
    }
  });
});

const inPlaceOf = <T extends object>([written, definition]: readonly [T, unknown]): T & { definition: unknown } => ({
  ...written,
  definition,
});

/** What a named window reads itself is no part of what the calendar reads. */
const isNamed = (definition: unknown): boolean =>
  typeof definition === 'object' &&
  definition !== null &&
  ['zone', 'exclude', 'strict', 'over', 'regions', 'alertmanager'].some((key) => key in definition);

function agrees(windows: readonly Window[], id: string, from: number): void {
  const [zone, to] = [zones.zone(id), from + SCANNED];
  assert.deepEqual(openSpans(windows, zone, from, to), scan(windows, zone, from, to));
}
