import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { ServiceError } from '@temporalio/client';
import { Conflict, LogDenied, LogFull, LogRefused, LogUnavailable } from '../../triggers/nats/errors.ts';
import { EngineUnavailable } from '../../triggers/path/engine.ts';
import {
  askEach,
  exitCodeOf,
  missingFacts,
  missingLines,
  readEach,
  someOf,
} from '../../workers/commands/region-answers.ts';
import { CommandError, EXIT } from '../../workers/exit-code.ts';
import { notConnected } from '../../workers/failure-of.ts';

const refusedTo = (what: string) => new LogRefused(`cannot ${what}: stream not found`);
const broken = new TypeError('x is not a function');
const away = new LogUnavailable('no answer');

describe('what regions answer, and what those that do not are said to have', () => {
  const asked = (errors: Readonly<Record<string, unknown>>) =>
    askEach(['eu', ...Object.keys(errors)], (region) =>
      region in errors ? Promise.reject(errors[region] as Error) : Promise.resolve(region),
    );

  const rows: readonly [why: string, error: unknown, exitCode: number, line: RegExp][] = [
    ['away', away, 3, /^us: NOT KNOWN: no answer$/],
    ['full', new LogFull('full'), 3, /NOT KNOWN/],
    ['contended', new Conflict('lost'), 3, /NOT KNOWN/],
    ['without its engine', new EngineUnavailable('away'), 3, /NOT KNOWN/],
    ['without Temporal', new ServiceError('no', { cause: new Error('14') }), 3, /^us: NOT KNOWN: no: 14$/],
    ['not connected', notConnected('NATS at x', new Error('ECONNREFUSED')), 3, /NOT KNOWN: NATS at x does not answer/],
    [
      'a stranger',
      notConnected('NATS at x', new LogDenied('who?')),
      2,
      /REFUSED: NATS at x does not let us in: who\?.*NATS_CREDS/,
    ],
    ['without a stream', refusedTo('look'), 2, /REFUSED: cannot look: stream not found\. .*doctor.*topology --apply/],
    ['configured wrong', new CommandError(EXIT.refused, 'zone "x" is none'), 2, /^us: REFUSED: zone "x" is none$/],
    ['given a bad answer', new CommandError(EXIT.failed, 'gone'), 1, /^us: FAILED: gone$/],
    ['broken', broken, 1, /^us: FAILED: TypeError: x is not a function \(.*--region/],
    ['rejected with no error', 'what', 1, /^us: FAILED: what$/],
  ];
  for (const [why, error, exitCode, line] of rows)
    it(`a region that is ${why}: exit code ${exitCode}`, async () => {
      const answers = someOf(await asked({ us: error }));
      assert.deepEqual(answers.found, ['eu']);
      assert.equal(exitCodeOf(answers), exitCode);
      assert.match(missingLines(answers.missing).join('\n'), line);
      assert.deepEqual(
        missingFacts(answers.missing).map((each) => [each.region, each.exitCode]),
        [['us', exitCode]],
      );
    });

  it('a region that does not answer in time is not known, in both ways of asking', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const never = (): Promise<never> => new Promise(() => undefined);
      const both = [askEach(['us'], never), readEach(['us'], never, never)];
      mock.timers.tick(6_000);
      for (const { missing } of await Promise.all(both)) {
        assert.match(missingLines(missing).join('\n'), /^us: NOT KNOWN: no answer within 6000 ms$/);
        assert.equal(exitCodeOf({ missing }), 3);
      }
    } finally {
      mock.timers.reset();
    }
  });

  it('of several the code is that of the one that waiting does not mend', async () => {
    const codeOf = async (errors: Readonly<Record<string, unknown>>) => exitCodeOf(await asked(errors));
    assert.equal(await codeOf({}), 0);
    assert.equal(await codeOf({ us: away, ap: away }), 3);
    assert.equal(await codeOf({ us: broken, ap: away }), 1);
    assert.equal(await codeOf({ us: away, ap: refusedTo('look') }), 2);
    assert.equal(await codeOf({ us: refusedTo('look'), ap: broken }), 2);
  });

  it('when none answers, all are told; the same reason of all is told once, as it is', async () => {
    const none = async (errors: Readonly<Record<string, Error>>) =>
      askEach(Object.keys(errors), (region) => Promise.reject(errors[region] ?? assert.fail()));
    const same = await none({ us: broken, ap: broken });
    assert.throws(() => someOf(same), broken);
    const different = await none({ us: away, ap: refusedTo('look') });
    assert.throws(
      () => someOf(different),
      (error: unknown) => {
        assert.ok(error instanceof CommandError);
        assert.equal(error.exitCode, 2);
        assert.match(error.message, /^us: NOT KNOWN: no answer\nap: REFUSED: cannot look/);
        return true;
      },
    );
  });
});
