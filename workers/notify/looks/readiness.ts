/** Parts of this process that have not done their work for two looks in a row; a restart of a server takes less. */
import type { Health } from '../../health.ts';
import type { Look } from '../watch.ts';

export interface ReadinessLookOptions {
  readonly health: Pick<Health, 'readiness'>;
  readonly instance: string;
  readonly now?: () => number;
}

export function readinessLook({ health, instance, now = Date.now }: ReadinessLookOptions): Look {
  let before: readonly string[] = [];
  return {
    name: 'readiness',
    look: async () => {
      const { parts, reasons } = await health.readiness();
      const down = Object.keys(parts).filter((part) => parts[part] === false);
      const lasting = down.filter((part) => before.includes(part));
      before = down;
      return lasting.map((part) => ({
        key: `unready/${instance}/${part}`,
        severity: 'critical',
        title: `${part} is not ready on ${instance}`,
        text: `${reasons?.[part] ?? 'It recovers by itself when its server is back.'}\nEvents are kept meanwhile.\nlook: tocsin status`,
        link: null,
        at: now(),
      }));
    },
  };
}
