import assert from 'node:assert/strict';
import { test } from 'node:test';
import { triggers } from '../../triggers/index.ts';
import * as kit from '../../triggers/kit.ts';

test('a project of its own can take every trigger that ships', () => {
  const exported = Object.values(kit).filter((each: unknown) => triggers.some((trigger) => trigger === each));
  assert.equal(exported.length, triggers.length);
});
