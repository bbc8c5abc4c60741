/**
 * The effect gate of a worker process. It waits for NATS only for a moment: while the control records were never seen, effects are refused
 * and looks go on.
 */
import type { EventLog } from '../../triggers/nats/port.ts';
import { type ControlWatch, createControlWatch } from '../../triggers/path/control-watch.ts';
import { createControlStore } from '../../triggers/path/control.ts';
import { pause } from '../../triggers/path/pause.ts';
import { durationMs } from '../config.ts';
import type { RoleContext } from '../roles/role-context.ts';
import { type EffectGate, createEffectGate } from './effect-gate.ts';
import { stopFilePath } from './stop-file.ts';

/** Often enough that no effect begins 2 s after a stop, with room for a slow answer. */
const LOOK_EVERY_MS = 250;
/** A run whose effect is refused comes back after half a minute only: better to take it up a little later. */
const FIRST_LOOK_MS = 5_000;
const CLOSE_MS = 1_000;

/** `regions`: those that this process acts in, and those that it may act for. `logOf` may wait for a server as long as it takes. */
export async function startEffectGate(
  context: RoleContext,
  regions: readonly string[],
  logOf: (region: string) => Promise<EventLog>,
): Promise<EffectGate> {
  const { config, logger, lifecycle } = context;
  const watches = new Map<string, ControlWatch>();
  const watchAll = async (): Promise<void> => {
    await Promise.all(
      regions.map(async (region) => {
        const watch = createControlWatch(createControlStore(await logOf(region), region), logger, LOOK_EVERY_MS);
        watches.set(region, watch);
        lifecycle.onClose(`control watch ${region}`, CLOSE_MS, async () => watch.close());
        await watch.start();
      }),
    );
  };
  const looked = new AbortController();
  const watching = watchAll()
    .catch((error: unknown) => {
      if (!lifecycle.signal.aborted)
        logger.warn({ err: error }, 'a control record cannot be read; effects are refused');
    })
    .finally(() => looked.abort());
  await Promise.race([watching, pause(FIRST_LOOK_MS, looked.signal)]);
  const { failClosedAfter } = config.redButton;
  return createEffectGate({
    stopFile: stopFilePath(config),
    watchOf: (region) => watches.get(region),
    failClosedAfterMs: failClosedAfter === 'never' ? null : durationMs(failClosedAfter),
  });
}
