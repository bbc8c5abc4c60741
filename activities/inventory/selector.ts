/** Chooses targets by their parts (`id`, `kind`, `service`, `region`, `provider`) and labels. Exact values only: no patterns to be fooled by. */
import { TARGET_PARTS, type Target } from './target.ts';

/** All names must hold; of several values of one name, one. A name without values holds for nothing. */
export type Selector = Readonly<Record<string, string | readonly string[]>>;

/** An empty selector matches every target: whoever asks for a fleet says so, nobody gets one by an empty answer. */
export const matches = (target: Target, selector: Selector): boolean =>
  Object.entries(selector).every(([name, wanted]) => {
    const value = partOf(target, name);
    return value !== undefined && (typeof wanted === 'string' ? wanted === value : wanted.includes(value));
  });

/** `tier=web, team=shop|core`, for messages. */
export const describeSelector = (selector: Selector): string =>
  Object.entries(selector)
    .map(([name, wanted]) => `${name}=${typeof wanted === 'string' ? wanted : wanted.join('|')}`)
    .join(', ') || 'every target';

function partOf(target: Target, name: string): string | undefined {
  const part = TARGET_PARTS.find((each) => each === name);
  if (part !== undefined) return target[part];
  return Object.hasOwn(target.labels, name) ? target.labels[name] : undefined;
}
