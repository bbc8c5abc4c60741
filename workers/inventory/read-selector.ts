/** Selectors as commands take them. */
import type { Selector } from '../../activities/inventory/selector.ts';
import { CommandError, EXIT } from '../exit-code.ts';

/** `label=value`; several values of one label are alternatives. */
export function readSelector(texts: readonly string[]): Selector {
  const values = new Map<string, string[]>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 1) throw new CommandError(EXIT.refused, `--selector ${JSON.stringify(text)}: expected label=value`);
    const name = text.slice(0, at);
    values.set(name, [...(values.get(name) ?? []), text.slice(at + 1)]);
  }
  return Object.fromEntries(values);
}
