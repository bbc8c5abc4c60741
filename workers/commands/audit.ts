/**
 * `tocsin audit`: proves that nothing was lost and nothing started twice since an instant; exit code 1 names the offenders, and 3 the regions of which
 * nothing is proved, since they do not answer.
 */
import { hostname } from 'node:os';
import { type AuditReport, audit as auditRegion } from '../../triggers/path/audit.ts';
import { durationMs } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import { recordAct } from '../record-act.ts';
import { exitCodeOf, missingFacts, someOf } from './region-answers.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface AuditCommand extends CommonOptions {
  readonly since: string;
  readonly repair: boolean;
  readonly region?: string;
}

export const audit = (options: AuditCommand): Promise<number> =>
  withSession(options, async (session) => {
    const runs = await session.runs();
    const since = Date.now() - durationMs(options.since);
    const { found: reports, missing } = someOf(
      await session.readEach([options.region], async (path) => {
        if (options.repair) await recordAct(path.log, [path.region], { what: 'repair', where: 'ledger' });
        const instance = `${hostname()}/${process.pid}`;
        return auditRegion({ ...path, runs, since, repair: options.repair, instance });
      }),
    );
    const unproved = missingFacts(missing).map((each) => ({ ...each, ok: false }));
    output(
      options,
      [...reports, ...unproved],
      [
        ...reports.map(textOf),
        ...unproved.map(({ region, error }) => `NOT AUDITED ${region}, nothing is proved: ${error}`),
      ].join('\n'),
    );
    return reports.every(({ ok }) => ok) ? exitCodeOf({ missing }) : EXIT.failed;
  });

function textOf({ region, since, counts, offenders, ok }: AuditReport): string {
  const { stored, recorded, pending, started, runs } = counts;
  const lines = offenders.map(
    ({ kind, what, detail, repaired }) => `  ${repaired ? 'repaired' : 'OFFENDER'} ${kind}: ${what}\n    ${detail}`,
  );
  return [
    `${ok ? 'ok ' : 'BAD'} ${region} since ${since}: ${stored} stored = ${recorded} recorded + ${pending} pending; ${started} started, ${runs} runs in Temporal`,
    ...lines,
  ].join('\n');
}
