/** The configuration: what `tocsin check` finds, and what is fine on a laptop and not in production. */
import { problemsOf } from '../commands/check.ts';
import { natsTarget, temporalTargetOf } from '../connect.ts';
import { type Examination, type Finding, error, ok, warning } from './finding.ts';

export const configuration: Examination = {
  name: 'configuration',
  needs: null,
  examine: async ({ config }) => {
    const problems = await problemsOf(async () => config);
    const findings: Finding[] = problems.map((problem) => error(problem, 'correct it; `tocsin check` shows it again'));
    if (natsTarget(config).external && config.nats.replicas === 1)
      findings.push(
        warning('nats.replicas is 1', 'set 3 when the server is a cluster: one lost disk takes everything else'),
      );
    if (temporalTargetOf(config).external && config.temporal.uiUrl === undefined)
      findings.push(warning('temporal.uiUrl is not set', 'set it, so that notices and commands link to runs'));
    if (config.notify.channels.length === 0)
      findings.push(
        warning('nobody is notified', 'set notify.channels: a failed run is in the log and the ledger only'),
      );
    return findings.length === 0 ? [ok('the configuration is in order')] : findings;
  },
};
