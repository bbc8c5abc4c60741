/** `tocsin targets`: what runbooks may act upon, by whom it is named and how old that is. Asks the providers itself; needs no server. */
import ms from 'ms';
import type { DoubtfulId } from '../../activities/inventory/inventory.ts';
import type { ProviderStatus } from '../../activities/inventory/provider.ts';
import { matches } from '../../activities/inventory/selector.ts';
import type { Target } from '../../activities/inventory/target.ts';
import { chosenRegions, loadConfig } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import { openInventory } from '../inventory/open-inventory.ts';
import { readSelector } from '../inventory/read-selector.ts';
import { type CommonOptions, output } from './session.ts';

export interface TargetsCommand extends CommonOptions {
  /** `label=value`; several values of one label are alternatives. */
  readonly selectors: readonly string[];
  readonly region?: string;
}

/** Exit code 1 when a provider is unusable: what it names is not in the list. */
export async function targets(options: TargetsCommand): Promise<number> {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const regions = chosenRegions(config, [options.region]);
  const selector = readSelector(options.selectors);
  const { inventory, providers } = openInventory(config);
  const signal = AbortSignal.timeout(READ_TIMEOUT_MS);
  await Promise.all(providers.map((provider) => provider.refresh(signal)));
  const all = providers.flatMap((provider) => [...provider.targets()]);
  const answer = {
    providers: inventory.providers(),
    doubtful: inventory.doubtful(),
    targets: all.filter((target) => regions.includes(target.region) && matches(target, selector)),
  };
  output(options, answer, describe(answer));
  return answer.providers.some(({ state }) => state === 'unusable') ? EXIT.failed : EXIT.ok;
}

/** Longer than any provider's own bound that an operator would wait for. */
const READ_TIMEOUT_MS = 120_000;

interface Answer {
  readonly providers: readonly ProviderStatus[];
  readonly doubtful: readonly DoubtfulId[];
  readonly targets: readonly Target[];
}

const describe = (answer: Answer): string =>
  [
    ...answer.providers.flatMap(describeProvider),
    ...answer.doubtful.map(
      ({ id, region, providers }) =>
        `in doubt  ${id} in ${region}: named by ${providers.join(' and ')}; not acted upon`,
    ),
    ...answer.targets.map(describeTarget),
    `${answer.targets.length} targets`,
  ].join('\n');

function describeProvider({ name, kind, state, ageMs, targets: count, why, refused, refusedCount }: ProviderStatus) {
  const age = kind === 'config' || ageMs === null ? '' : `, ${ms(ageMs)} old`;
  const reason = why === null ? '' : `: ${why}`;
  const more = refusedCount - refused.length;
  return [
    `provider  ${name} (${kind}) ${state}, ${count} targets${age}${reason}`,
    ...refused.map(({ place, message }) => `refused   ${name} ${place}: ${message}`),
    ...(more > 0 ? [`refused   ${name}: ${more} more`] : []),
  ];
}

function describeTarget({ id, kind, service, region, labels, provider }: Target): string {
  const shown = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return `target    ${[id, kind, region, service, ...shown].join(' ')} (${provider})`;
}
