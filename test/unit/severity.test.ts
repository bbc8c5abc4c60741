import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { URGENT_FROM, severityNumber } from '../../triggers/events/severity.ts';

const KNOWN: readonly (readonly [text: string, number: number, why: string])[] = [
  ['critical', 21, 'the convention of Prometheus'],
  ['Critical', 21, 'capitals do not count'],
  [' CRITICAL ', 21, 'nor does white space around'],
  ['severe', 21, 'seen in the field'],
  ['page', 21, 'somebody is woken up'],
  ['error', 17, 'OpenTelemetry ERROR'],
  ['P2', 17, 'priorities count down'],
  ['Disaster', 22, 'Zabbix'],
  ['Average', 14, 'Zabbix, below high'],
  ['warning', 13, 'OpenTelemetry WARN'],
  ['Sev3', 13, 'Azure'],
  ['moderate', 13, 'advisories'],
  ['SEV-1', 21, 'PagerDuty'],
  ['Sev 5', 9, 'and with a blank'],
  ['Notice', 10, 'syslog'],
  ['info', 9, 'OpenTelemetry INFO'],
  ['debug', 5, 'OpenTelemetry DEBUG'],
];

describe('severityNumber', () => {
  it('words of syslog keep the order of syslog', () => {
    const words = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'];
    const numbers = words.map((word) => severityNumber(word) ?? assert.fail(word));
    assert.deepEqual(
      numbers.toSorted((a, b) => b - a).map((number) => words[numbers.indexOf(number)]),
      words,
    );
  });

  for (const [text, number, why] of KNOWN)
    it(`${JSON.stringify(text)} is ${number}: ${why}`, () => assert.equal(severityNumber(text), number));

  for (const text of [null, '', '   ', '3', '1', 'banana', 'critical!', 'constructor', '__proto__', 'toString'])
    it(`${JSON.stringify(text)} is unknown, not info`, () => assert.equal(severityNumber(text), null));

  it('error and worse take the urgent lane, warning and unknown do not', () => {
    const urgent = (text: string): boolean => (severityNumber(text) ?? 0) >= URGENT_FROM;
    assert.deepEqual(['critical', 'error', 'warning', 'banana'].map(urgent), [true, true, false, false]);
  });

  it('whatever the text, the answer is a number of OpenTelemetry or unknown', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const number = severityNumber(text);
        assert.ok(number === null || (Number.isInteger(number) && number >= 1 && number <= 24));
      }),
    );
  });
});
