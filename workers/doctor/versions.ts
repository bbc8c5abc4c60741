/** Versions of workers: does one take new runs, does any run wait for one that is gone, and can a change of code reach runs that nobody has checked. */
import { temporalTargetOf } from '../connect.ts';
import { type Deployment, describeDeployment } from '../versions/deployment.ts';
import type { DeploymentConfig } from '../versions/deployment-schema.ts';
import { type Examination, type Finding, error, ok, warning } from './finding.ts';

const CHECK = '`tocsin replay --from-server` with the new code, or behaviour: pinned';

export const versions: Examination = {
  name: 'versions',
  needs: 'temporal',
  examine: async ({ temporal: open, config }) => {
    if (config.deployment === undefined) return [];
    const { client, namespace } = await open();
    const deployment = await describeDeployment({ client, namespace, deployment: config.deployment.name });
    return versionFindings(deployment, config.deployment, temporalTargetOf(config).external);
  },
};

/** `external`: Temporal is the operator's own. Otherwise it is that of `tocsin up`, which makes its own version current at each start. */
export function versionFindings(
  { versions: all, current }: Deployment,
  { behaviour, name }: DeploymentConfig,
  external: boolean,
): Finding[] {
  const findings: Finding[] = [];
  if (current === null)
    findings.push(
      warning(
        `no version of ${name} takes new runs`,
        'start its workers, then: tocsin versions promote BUILD; `tocsin versions list` shows them',
      ),
    );
  for (const { build, running, workers } of all)
    if (running > 0 && workers === 0)
      findings.push(
        error(
          `${running} runs wait for version ${build}, of which no worker is left`,
          'start a worker with that code again, or end them: tocsin runs cancel',
        ),
      );
  if (behaviour === 'autoUpgrade') findings.push(...unchecked(all, external));
  return findings.length === 0 ? [ok(`version ${current?.build} of ${name} takes new runs`)] : findings;
}

/** Runs in progress change over to other code with `autoUpgrade`, whether or not it knows the path that they took. */
function unchecked(all: Deployment['versions'], external: boolean): Finding[] {
  const waiting = all.filter(({ state, workers }) => state === 'inactive' && workers > 0);
  return [
    ...waiting.map(({ build }) =>
      warning(`runs in progress go on with version ${build} as soon as it is promoted`, `before that: ${CHECK}`),
    ),
    ...(external
      ? []
      : [
          warning(
            'tocsin up makes its own version current at each start, and runs in progress go on with it at once (autoUpgrade)',
            `before a start with changed code: ${CHECK}`,
          ),
        ]),
  ];
}
