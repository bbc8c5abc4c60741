import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  deadSubject,
  eventSubject,
  keyToken,
  ledgerSubject,
  routeToken,
  shortHash,
} from '../../triggers/nats/subject.ts';
import { workflowId } from '../../triggers/path/workflow-id.ts';

/** Any text, with a good chance of what a subject must never hold. */
const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(' ', '.', '*', '>', '\r', '\n', '\0', 'é', '-'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
});

describe('subjects', () => {
  it('whatever a field holds, a subject stays one line of plain tokens', () => {
    fc.assert(
      fc.property(nasty, nasty, nasty, (region, source, type) => {
        for (const subject of [
          eventSubject(region, 'urgent', source, type),
          ledgerSubject(region, source, 7),
          deadSubject(region, 7, type),
        ]) {
          assert.match(subject, /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/);
          assert.ok(subject.length < 300);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('different keys never share a token', () => {
    fc.assert(
      fc.property(nasty, nasty, (a, b) => (a === b) === (keyToken(a) === keyToken(b))),
      { numRuns: 2_000 },
    );
    assert.notEqual(keyToken('a.b'), keyToken('a b'));
  });

  it('a key cannot pose as the token of another key', () => {
    const token = keyToken('a.b');
    assert.notEqual(keyToken(token), token);
    assert.equal(token, `a-b-${shortHash('a.b', 12)}`);
  });

  it('a type keeps its words', () => assert.equal(routeToken('tocsin.alert.firing'), 'tocsin-alert-firing'));
});

describe('workflow ids', () => {
  it('different tuples have different ids, however alike they read', () => {
    const base = { stream: 'EVENTS_EU', trigger: 't', key: 'a b', generation: 1, attempt: 1 };
    const ids = [
      base,
      { ...base, key: 'a-b' },
      { ...base, generation: 2 },
      { ...base, attempt: 2 },
      { ...base, trigger: 'u' },
      { ...base, stream: 'EVENTS_US' },
    ].map(workflowId);
    assert.equal(new Set(ids).size, ids.length);
  });

  it('is readable and bounded', () => {
    assert.match(
      workflowId({
        stream: 'EVENTS_EU',
        trigger: 'restart-service',
        key: 'am:ServiceDown:1',
        generation: 3,
        attempt: 1,
      }),
      /^restart-service\/am:ServiceDown:1#3~[0-9a-f]{8}$/,
    );
    assert.ok(
      workflowId({ stream: 'EVENTS_EU', trigger: 't', key: 'x'.repeat(5_000), generation: 1, attempt: 1 }).length < 200,
    );
  });
});
