/** `tocsin audit`: proves that nothing was lost and nothing started twice since an instant; exit code 1 names the offenders. */
import { hostname } from 'node:os';
import { type AuditReport, audit as auditRegion } from '../../triggers/path/audit.ts';
import { durationMs } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import { recordAct } from '../record-act.ts';
import { type CommonOptions, output, withSession } from './session.ts';

export interface AuditCommand extends CommonOptions {
  readonly since: string;
  readonly repair: boolean;
  readonly region?: string;
}

export const audit = (options: AuditCommand): Promise<number> =>
  withSession(options, async (session) => {
    const runs = await session.runs();
    const reports: AuditReport[] = [];
    for (const path of await session.paths(options.region)) {
      if (options.repair) await recordAct(path.log, [path.region], { what: 'repair', where: 'ledger' });
      reports.push(
        await auditRegion({
          ...path,
          runs,
          since: Date.now() - durationMs(options.since),
          repair: options.repair,
          instance: `${hostname()}/${process.pid}`,
        }),
      );
    }
    output(options, reports, reports.map(textOf).join('\n'));
    return reports.every(({ ok }) => ok) ? EXIT.ok : EXIT.failed;
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
