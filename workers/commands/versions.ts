/** `tocsin versions list | promote | roll-back`: which version of the code takes new runs. Runs in progress are left where they are. */
import type { Config } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { recordAct } from '../record-act.ts';
import { ago } from '../status/ago.ts';
import { type Deployment, type Version, describeDeployment, setCurrent, setRamp } from '../versions/deployment.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';

export interface ChangeVersion extends CommonOptions {
  readonly why: string;
}

export interface PromoteVersion extends ChangeVersion {
  readonly build: string;
  /** Percent of new runs; undefined: all of them. */
  readonly ramp?: string;
}

/** Exit code 1 when no version takes runs, or runs wait for workers that are not there. */
export const listVersions = (options: CommonOptions): Promise<number> =>
  withSession(options, async (session) => {
    const { deployment, versions, current } = await lookAt(session);
    const stranded = versions.filter(isStranded);
    const lines = [
      ...versions.map(lineOf),
      ...(versions.length === 0 ? [`no worker of deployment ${deployment} has asked for tasks yet`] : []),
      ...(current === null && versions.length > 0
        ? ['no version is current: new runs wait. `tocsin versions promote BUILD` lets one take them']
        : []),
      ...stranded.map(
        ({ build, running }) =>
          `${running} runs of ${build} wait: no worker of it is there. Start one with that code again`,
      ),
    ];
    output(options, { deployment, versions: versions.map(factsOf) }, lines.join('\n'));
    return current === null || stranded.length > 0 ? EXIT.failed : EXIT.ok;
  });

/** Temporal refuses a build of which no worker asks for tasks, or that lacks a queue which the current one has. */
export const promoteVersion = (options: PromoteVersion): Promise<number> =>
  withSession(options, async (session) => {
    const { build, ramp } = options;
    const percentage = ramp === undefined ? null : percentOf(ramp);
    const { named, versions, conflictToken, deployment } = await lookAt(session);
    if (!versions.some((each) => each.build === build))
      throw new CommandError(
        EXIT.refused,
        `build ${JSON.stringify(build)} is unknown; expected one of ${versions.map((each) => each.build).join(', ') || 'none yet'}. ` +
          'A build is known once a worker of it asks for tasks',
      );
    const what = percentage === null ? 'promote' : `ramp to ${percentage} %`;
    await record(session, { what, where: `version ${deployment}:${build}`, why: options.why });
    if (percentage === null) await setCurrent(named, build, conflictToken);
    else await setRamp(named, { buildId: build, percentage }, conflictToken);
    output(
      options,
      { deployment, build, share: percentage ?? 100 },
      percentage === null
        ? `${build} takes all ${runsOf(session.config)}`
        : `${build} takes ${percentage} % of ${runsOf(session.config)}; \`tocsin versions roll-back\` ends that`,
    );
    return EXIT.ok;
  });

const runsOf = ({ deployment }: Config): string =>
  deployment?.behaviour === 'autoUpgrade' ? 'runs, those in progress as well' : 'new runs';

/** While one is ramping: ends the ramp. Else: the version that was current before takes all new runs again. */
export const rollBack = (options: ChangeVersion): Promise<number> =>
  withSession(options, async (session) => {
    const { named, ramping, current, versions, conflictToken, deployment } = await lookAt(session);
    const from = ramping ?? current;
    const to = ramping === null ? previousOf(versions) : current;
    if (from === null || (ramping === null && to === null))
      throw new CommandError(EXIT.refused, `deployment ${deployment} has no version to go back to`);
    await record(session, { what: 'roll back', where: `version ${deployment}:${from.build}`, why: options.why });
    if (ramping === null) await setCurrent(named, to?.build ?? '', conflictToken);
    else await setRamp(named, { buildId: '', percentage: 0 }, conflictToken);
    const takes = to === null ? 'workers without a version take' : `${to.build} takes`;
    output(
      options,
      { deployment, from: from.build, to: to?.build ?? null, running: from.running },
      `${takes} all new runs again; ${from.running} runs of ${from.build} go on` +
        (session.config.deployment?.behaviour === 'autoUpgrade'
          ? ''
          : ' with it (`tocsin runs list`, `tocsin runs cancel`)'),
    );
    return EXIT.ok;
  });

/** The last one that took all new runs before the current one did. */
const previousOf = (versions: readonly Version[]): Version | null =>
  versions
    .filter(({ state, retiredAt }) => state !== 'current' && retiredAt > 0)
    .toSorted((one, other) => other.retiredAt - one.retiredAt)[0] ?? null;

type Named = Parameters<typeof describeDeployment>[0];

async function lookAt(session: Session): Promise<Deployment & { readonly named: Named; readonly deployment: string }> {
  const deployment = nameOf(session.config);
  const { client, namespace } = await session.temporal();
  const named = { client, namespace, deployment };
  return { named, deployment, ...(await describeDeployment(named)) };
}

function nameOf({ deployment }: Config): string {
  if (deployment !== undefined) return deployment.name;
  throw new CommandError(
    EXIT.refused,
    'workers have no versions: the configuration has no section /deployment (docs/versions.md)',
  );
}

function percentOf(text: string): number {
  const percent = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && percent > 0 && percent < 100) return percent;
  throw new CommandError(
    EXIT.refused,
    `--ramp ${JSON.stringify(text)}: expected a share of new runs above 0 and below 100 percent`,
  );
}

/** It concerns every region: one line in the log of each. */
const record = async (session: Session, act: Parameters<typeof recordAct>[2]): Promise<void> =>
  recordAct(await session.log(), session.config.regions, act);

const isStranded = ({ running, workers }: Version): boolean => running > 0 && workers === 0;

const factsOf = ({ createdAt, retiredAt: _retiredAt, ...facts }: Version) => ({
  ...facts,
  created: new Date(createdAt).toISOString(),
  mayRetire: facts.state === 'drained',
});

function lineOf({ build, state, share, running, failed, workers, createdAt }: Version): string {
  const facts = [
    ...(share > 0 ? [`${share} % of new runs`] : []),
    `${running} runs go on`,
    `${failed} failed`,
    `${workers} workers`,
    `since ${ago(Date.now() - createdAt)}`,
    ...(state === 'drained' && workers > 0 ? ['its workers may go'] : []),
  ];
  return `${build}  ${state}  ${facts.join(', ')}`;
}
