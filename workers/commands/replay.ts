/** `tocsin replay`: real histories on the workflow code of this folder; the gate that a new version passes before it is rolled out. */
import { join, resolve } from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { type Bundle, workflowBundle } from '../bundle.ts';
import { loadConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { runbookNames } from '../front-door.ts';
import { runsQuery } from '../runs-query.ts';
import { type Recorded, type Replayed, readHistories, replay as replayAll } from '../testing/replay-histories.ts';
import { type CommonOptions, type Session, output, withSession } from './session.ts';

export interface ReplayCommand extends CommonOptions {
  readonly folder?: string;
  /** The runs in progress, newest first, and those that ended lately. */
  readonly fromServer: boolean;
  readonly limit: string;
}

interface Answer {
  readonly replayed: readonly Replayed[];
  /** Runs in progress beyond the limit. */
  readonly notLookedAt: number;
}

export async function replay(options: ReplayCommand): Promise<number> {
  const { folder, fromServer } = options;
  if (fromServer === (folder !== undefined))
    throw new CommandError(EXIT.refused, 'expected a folder of histories, or --from-server');
  silenceRuntime();
  const answer = folder === undefined ? await ofServer(options) : await ofFolder(options, folder);
  const { replayed, notLookedAt } = answer;
  const broken = replayed.filter(({ problem }) => problem !== null);
  output(options, { replayed: replayed.length, broken, notLookedAt }, textOf(answer, broken, fromServer));
  return broken.length === 0 && notLookedAt === 0 ? EXIT.ok : EXIT.failed;
}

function textOf({ replayed, notLookedAt }: Answer, broken: readonly Replayed[], fromServer: boolean): string {
  const lines = broken.map(({ name, problem }) => `${name}: ${problem}`);
  if (broken.length > 0)
    lines.push(
      `${broken.length} of ${replayed.length} histories do not replay: such runs break. ` +
        'Keep the old path behind patched(), or let runs end on the old version (docs/versions.md).',
    );
  else lines.push(`${replayed.length} histories replay${fromServer && notLookedAt === 0 ? ALL_GOOD : ''}`);
  if (notLookedAt > 0)
    lines.push(
      `${notLookedAt} runs in progress, the oldest, were not looked at, and may break: ` +
        `repeat it with --limit ${replayed.length + notLookedAt}`,
    );
  return lines.join('\n');
}

const ALL_GOOD = ': no run in progress would break';

/** The SDK logs each history that does not replay, with a stack, also to stdout; the answer names them all. */
function silenceRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { filter: 'ERROR', forward: {} } },
  });
}

async function ofFolder(options: ReplayCommand, folder: string): Promise<Answer> {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const recorded = read(folder);
  const bundle = await bundleOf(config.dataDir, config.encryption !== undefined);
  return { replayed: await replayAll(bundle, recorded), notLookedAt: 0 };
}

function read(folder: string): readonly Recorded[] {
  try {
    return readHistories(folder);
  } catch (error) {
    if (error instanceof TypeError) throw new CommandError(EXIT.refused, error.message, error);
    throw error;
  }
}

const ofServer = (options: ReplayCommand): Promise<Answer> =>
  withSession(options, async (session) => {
    const { config } = session;
    const { dataConverter } = await session.temporal();
    const { recorded, notLookedAt } = await historiesOf(session, limitOf(options.limit));
    const bundle = await bundleOf(config.dataDir, config.encryption !== undefined);
    return { replayed: await replayAll(bundle, recorded, dataConverter), notLookedAt };
  });

/** Those in progress first, of whatever runbook: they are the ones that would break, all the more when this code no longer has theirs. */
async function historiesOf(session: Session, limit: number) {
  const { workflow } = (await session.temporal()).client;
  const recorded: Recorded[] = [];
  const add = async ({ workflowId, runId }: { readonly workflowId: string; readonly runId: string }): Promise<void> => {
    recorded.push({ name: workflowId, history: await workflow.getHandle(workflowId, runId).fetchHistory() });
  };
  let notLookedAt = 0;
  for await (const run of workflow.list({ query: runsQuery({ status: 'running' }) })) {
    if (recorded.length < limit) await add(run);
    else notLookedAt += 1;
  }
  if (recorded.length >= limit) return { recorded, notLookedAt };
  const known = new Set(runbookNames());
  for await (const run of workflow.list({ query: runsQuery({ status: 'completed' }) })) {
    if (known.has(run.type)) await add(run);
    if (recorded.length >= limit) break;
  }
  return { recorded, notLookedAt };
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new CommandError(EXIT.refused, `--limit ${JSON.stringify(text)}: expected a whole number from 1`);
}

async function bundleOf(dataDir: string, encodeFailures: boolean): Promise<Bundle> {
  const cache = join(resolve(dataDir), 'cache');
  const bundle = await workflowBundle(cache, pino({ level: 'silent' }), { encodeFailures });
  if (bundle.broken.length === 0) return bundle;
  throw new CommandError(EXIT.refused, bundle.broken.map(({ problem }) => problem).join('\n'));
}
