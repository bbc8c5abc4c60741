/** Neighbouring formats look alike: a payload must be recognised by its own source, and by no other. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { sources } from '../../../triggers/sources/index.ts';
import { fixture, needsFixtures } from '../../support/fixtures.ts';
import { requestOf } from '../../support/source-request.ts';

const index = (): readonly (readonly [file: string, kind: string])[] =>
  Buffer.from(fixture('INDEX.tsv').raw)
    .toString()
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [file = '', kind = ''] = line.split('\t');
      return file === '' ? [] : [[file, kind] as const];
    });

/** `gcp-pubsub` belongs to `gcp`: the longest kind of ours that begins it. */
const ownerOf = (kind: string): string | undefined =>
  [...sources.keys()]
    .filter((each) => kind === each || kind.startsWith(`${each}-`))
    .toSorted((a, b) => b.length - a.length)[0];

describe('recognition', needsFixtures, () => {
  it('each recorded payload is recognised by its own source alone', () => {
    for (const [file, kind] of index()) {
      const request = requestOf(fixture(file).raw);
      const found = [...sources.values()].filter((source) => source.recognises(request)).map((source) => source.kind);
      const owner = ownerOf(kind);
      if (owner === undefined) assert.ok(found.length <= 1, `${file}: ${found.join(', ')}`);
      else assert.deepEqual(found, [owner], file);
    }
  });
});

it('this file is no payload of anybody', () => {
  const request = requestOf(readFileSync(import.meta.filename));
  for (const source of sources.values()) assert.equal(source.recognises(request), false, source.kind);
});
