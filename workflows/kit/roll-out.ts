/**
 * A rollout: plans its waves from the inventory and the windows, starts each as a child run, and stops for people when more targets have failed
 * than may. Finished targets stay as they are, whatever comes after them.
 */
import type { Selector } from '../../activities/inventory/selector.ts';
import { causeOf } from './cause.ts';
import { decisions } from './decisions.ts';
import { endsTheRun } from './ends-the-run.ts';
import type { FailedTarget, WaveInput, WaveReport } from './roll-wave.ts';
import { RolloutControl } from './rollout-control.ts';
import type { RolloutStatus } from './rollout-message.ts';
import { type Rollout, type Wave, WAVE_TIMEOUT_MS, mayFail, targetKey } from './rollout-plan.ts';
import type { Run } from './run.ts';
import type { RunContext } from './run-context.ts';
import { withinRun } from './run-end.ts';
import { workflowTime } from './workflow-time.ts';

export interface RollOutOptions {
  /** Narrows the targets of the rollout; can never widen them (R8). */
  readonly narrow?: Selector;
}

export interface RolloutReport {
  readonly outcome: 'rolled-out' | 'no-targets';
  readonly waves: RolloutStatus['waves'];
  readonly done: number;
  /** Within the budget. */
  readonly failed: readonly FailedTarget[];
  /** Markdown. */
  readonly report: string;
}

type WaveRunbook = (input: WaveInput) => Promise<WaveReport | { readonly outcome: string }>;

/** Rejects as an escalation does when it stops: with what is done, what failed and what is not begun. */
export async function rollOut<Acts>(
  run: Run<Acts>,
  rollout: Rollout,
  { narrow = {} }: RollOutOptions = {},
): Promise<RolloutReport> {
  const control = controlOf(run);
  const waves = await plan(run, rollout, narrow);
  control.plan(waves);
  const size = waves.reduce((sum, { targets }) => sum + targets.length, 0);
  const budget = mayFail(rollout.errorBudget.rollout, size);
  const failed: FailedTarget[] = [];
  for (let name = await control.next(); name !== null; name = await control.next()) {
    const wave = waves.find((each) => each.name === name) as Wave;
    const allowed = Math.min(wave.mayFail, budget - failed.length);
    const ended = await runWave(run, control, rollout.runbook, inputOf(wave, rollout, allowed));
    failed.push(...ended.failed);
    if (ended.why !== null) stop(run, { why: ended.why, failed, waves: control.status().waves });
    if (ended.failed.length > 0) run.note(`wave ${name}: ${ended.failed.length} failed, ${allowed} may`);
  }
  const status = control.status().waves;
  const done = status.reduce((sum, each) => sum + each.done, 0);
  return { outcome: size === 0 ? 'no-targets' : 'rolled-out', waves: status, done, failed, report: run.report() };
}

const controls = new WeakMap<RunContext, { control: RolloutControl; note: (text: string) => void }>();

/** One for a run, however often its procedure is walked through; notes go to the pass that runs now. */
function controlOf({ context, note }: Pick<Run<unknown>, 'context' | 'note'>): RolloutControl {
  const known = controls.get(context);
  if (known !== undefined) {
    known.note = note;
    return known.control;
  }
  const made = { control: new RolloutControl((text) => made.note(text)), note };
  controls.set(context, made);
  return made.control;
}

const plan = <Acts>(run: Run<Acts>, rollout: Rollout, narrow: Selector): Promise<readonly Wave[]> =>
  run
    .check('which targets, in which waves?', () => decisions.planRollout({ rollout, narrow, at: workflowTime() }), {
      // When windows open changes with every look; who is in which wave does not.
      significant: ({ waves }) => waves.map(({ name, targets }) => [name, ...targets.map(targetKey)]),
    })
    .then(({ waves }) => waves);

const inputOf = ({ name, targets }: Wave, rollout: Rollout, allowed: number): WaveInput & Bound => ({
  wave: name,
  targets: targets.map(({ name: target, region }) => ({ name: target, region })),
  window: rollout.window,
  needMs: rollout.needMs,
  parallel: rollout.parallel,
  soakMs: rollout.soakMs,
  mayFail: allowed,
  timeoutMs: rollout.waveTimeoutMs ?? WAVE_TIMEOUT_MS,
});

interface Bound {
  readonly timeoutMs: number;
}

interface EndedWave {
  readonly failed: readonly FailedTarget[];
  /** Why nothing further is to begin; null: it goes on. */
  readonly why: string | null;
}

async function runWave<Acts>(
  run: Run<Acts>,
  control: RolloutControl,
  runbook: string,
  { timeoutMs, ...input }: WaveInput & Bound,
): Promise<EndedWave> {
  const { wave: name, targets } = input;
  const assumed: WaveReport = { done: targets.map(targetKey), failed: [], left: [], report: '' };
  try {
    const report = await run.child<WaveRunbook>(runbook, input, {
      title: `wave ${name}`,
      // It ends before the rollout has to.
      timeoutMs: withinRun(timeoutMs),
      assumed,
      onStart: (signal) => control.started(name, signal),
    });
    if ('outcome' in report) return lost(control, name, `wave ${name} ended as ${report.outcome}`);
    const { done, failed, left } = report;
    const why = whyStop(input, report);
    control.ended(name, why === null ? 'done' : 'failed', { done: done.length, failed: failed.length });
    return { failed, why: why === null || left.length === 0 ? why : `${why}; not begun in it: ${shown(left)}` };
  } catch (error) {
    if (endsTheRun(error)) throw error;
    return lost(control, name, `wave ${name} came to no end: ${causeOf(error)}; \`tocsin runs list\` has its run`);
  }
}

function lost(control: RolloutControl, name: string, why: string): EndedWave {
  control.ended(name, 'failed', { done: 0, failed: 0 });
  return { failed: [], why };
}

function whyStop({ wave, mayFail: allowed }: WaveInput, { failed, left }: WaveReport): string | null {
  if (failed.length > allowed) return `in wave ${wave} ${failed.length} failed and ${allowed} may`;
  return left.length > 0 ? `wave ${wave} ran out of time` : null;
}

interface Stopped {
  readonly why: string;
  readonly failed: readonly FailedTarget[];
  readonly waves: RolloutStatus['waves'];
}

function stop(run: Pick<Run<unknown>, 'escalate'>, { why, failed, waves }: Stopped): never {
  const done = waves.filter((each) => each.done > 0).map((each) => `${each.name} ${each.done} of ${each.targets}`);
  const left = waves.filter(({ state }) => state === 'waiting' || state === 'skipped').map(({ name }) => name);
  return run.escalate(
    [
      `stopped: ${why}`,
      `failed: ${shown(failed.map(({ target, message }) => `${target} (${message.slice(0, MAX_MESSAGE)})`))}`,
      `done, and left as they are: ${shown(done)}`,
      `waves not begun: ${shown(left)}`,
    ].join('. '),
  );
}

/** In a message for people. */
const MAX_SHOWN = 10;
const MAX_MESSAGE = 120;

const shown = (names: readonly string[]): string =>
  names.length === 0
    ? 'none'
    : `${names.slice(0, MAX_SHOWN).join(', ')}${names.length > MAX_SHOWN ? ` and ${names.length - MAX_SHOWN} more` : ''}`;
