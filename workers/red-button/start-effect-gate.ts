/**
 * The effect gate of a worker process. It does not wait for NATS: while the control records were never seen, effects are refused and looks
 * go on.
 */
import type { EventLog } from '../../triggers/nats/port.ts';
import { type ControlWatch, createControlWatch } from '../../triggers/path/control-watch.ts';
import { createControlStore } from '../../triggers/path/control.ts';
import { durationMs } from '../config.ts';
import type { RoleContext } from '../roles/role-context.ts';
import { type EffectGate, createEffectGate } from './effect-gate.ts';
import { stopFilePath } from './stop-file.ts';

/** Often enough that no effect begins 2 s after a stop, with room for a slow answer. */
const LOOK_EVERY_MS = 500;

export function startEffectGate(context: RoleContext, regions: readonly string[], log: EventLog): EffectGate {
  const { config, logger, lifecycle } = context;
  const watches = new Map<string, ControlWatch>();
  for (const region of regions) {
    const each = createControlWatch(createControlStore(log, region), logger, LOOK_EVERY_MS);
    watches.set(region, each);
    lifecycle.onClose(`control watch ${region}`, 1_000, async () => each.close());
    // It goes on looking; until it has seen the record, effects are refused.
    each.start().catch((error: unknown) => logger.warn({ err: error, region }, 'control record not read yet'));
  }
  const { failClosedAfter } = config.redButton;
  return createEffectGate({
    stopFile: stopFilePath(config),
    watchOf: (region) => watches.get(region),
    failClosedAfterMs: failClosedAfter === 'never' ? null : durationMs(failClosedAfter),
  });
}
