/**
 * The effect gate of a worker process. It does not wait for NATS: while the control records were never seen, effects are refused and looks
 * go on.
 */
import type { EventLog } from '../../triggers/nats/port.ts';
import { type ControlWatch, createControlWatch } from '../../triggers/path/control-watch.ts';
import { createControlStore } from '../../triggers/path/control.ts';
import { durationMs } from '../config.ts';
import { openLog } from '../connect.ts';
import type { RoleContext } from '../roles/role-context.ts';
import { type EffectGate, createEffectGate } from './effect-gate.ts';
import { stopFilePath } from './stop-file.ts';

/** Often enough that no effect begins 2 s after a stop, with room for a slow answer. */
const LOOK_EVERY_MS = 500;

/** `log`: the connection of this process, if it has one. */
export function startEffectGate(context: RoleContext, regions: readonly string[], log?: EventLog): EffectGate {
  const { config, logger, lifecycle, instance } = context;
  const watches = new Map<string, ControlWatch>();
  const watch = async (): Promise<void> => {
    const opened = log ?? (await openLog(config, `tocsin worker ${instance}`, { lifecycle, logger }));
    for (const region of regions) {
      const each = createControlWatch(createControlStore(opened, region), logger, LOOK_EVERY_MS);
      watches.set(region, each);
      lifecycle.onClose(`control watch ${region}`, 1_000, async () => each.close());
      // It goes on looking; until it has seen the record, effects are refused.
      each.start().catch((error: unknown) => logger.warn({ err: error, region }, 'control record not read yet'));
    }
  };
  watch().catch((error: unknown) => {
    if (!lifecycle.signal.aborted)
      logger.error({ err: error }, 'no control record can be watched, effects are refused');
  });
  const { failClosedAfter } = config.redButton;
  return createEffectGate({
    stopFile: stopFilePath(config),
    watchOf: (region) => watches.get(region),
    failClosedAfterMs: failClosedAfter === 'never' ? null : durationMs(failClosedAfter),
  });
}
