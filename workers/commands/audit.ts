/**
 * `tocsin audit`: proves that nothing was lost and nothing started twice since an instant; exit code 1 names the offenders, and
 * otherwise the regions of which nothing is proved decide it: 3 when they are away.
 */
import { hostname } from 'node:os';
import { type AuditReport, audit as auditRegion } from '../../triggers/path/audit.ts';
import { durationMs } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import { recordAct } from '../record-act.ts';
import type { RegionPath } from '../region-path.ts';
import { exitCodeOf, messageOf, missingFacts, someOf } from './region-answers.ts';
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
      await session.readEach([options.region], async (path): Promise<RegionReport> => {
        const unlogged = options.repair ? await unloggedRepair(path) : null;
        const repair = options.repair && unlogged === null;
        const instance = `${hostname()}/${process.pid}`;
        const report = await auditRegion({ ...path, runs, since, repair, instance });
        return unlogged === null ? report : { ...report, unlogged };
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
    return reports.every(({ ok, unlogged }) => ok && unlogged === undefined) ? exitCodeOf({ missing }) : EXIT.failed;
  });

/** Why the line of a repair could not be written: then nothing is repaired there, and the audit goes on. Null: it is written. */
const unloggedRepair = async ({ log, region }: RegionPath): Promise<string | null> =>
  recordAct(log, [region], { what: 'repair', where: 'ledger' }).then(() => null, messageOf);

interface RegionReport extends AuditReport {
  /** Why the line of the repair is not in the operator log; without it nothing is repaired. */
  readonly unlogged?: string;
}

function textOf({ region, since, counts, offenders, ok, unlogged }: RegionReport): string {
  const { stored, recorded, pending, started, runs } = counts;
  const lines = offenders.map(
    ({ kind, what, detail, repaired }) => `  ${repaired ? 'repaired' : 'OFFENDER'} ${kind}: ${what}\n    ${detail}`,
  );
  return [
    `${ok ? 'ok ' : 'BAD'} ${region} since ${since}: ${stored} stored = ${recorded} recorded + ${pending} pending; ${started} started, ${runs} runs in Temporal`,
    ...lines,
    ...(unlogged === undefined ? [] : [notRepaired(region, unlogged)]),
  ].join('\n');
}

const notRepaired = (region: string, why: string): string =>
  `${region}: audited, but NOT repaired, since the operator log has no line of it: ${why}. \`tocsin doctor\` says what is wrong with that log; ` +
  'then give the same `tocsin audit --repair` again.';
