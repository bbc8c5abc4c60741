/** `tocsin replay`: real histories on the workflow code of this folder; the gate that a new version passes before it is rolled out. */
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { workflowBundle } from '../bundle.ts';
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

export async function replay(options: ReplayCommand): Promise<number> {
  const { folder, fromServer } = options;
  if (fromServer === (folder !== undefined))
    throw new CommandError(EXIT.refused, 'expected a folder of histories, or --from-server');
  const replayed = folder === undefined ? await ofServer(options) : await ofFolder(options, folder);
  const broken = replayed.filter(({ problem }) => problem !== null);
  const lines = [
    ...broken.map(({ name, problem }) => `${name}: ${problem}`),
    broken.length === 0
      ? `${replayed.length} histories replay: no run in progress would break`
      : `${broken.length} of ${replayed.length} histories do not replay: those runs would break. ` +
        'Keep the old path behind patched(), or let runs end on the old version (docs/versions.md).',
  ];
  output(options, { replayed: replayed.length, broken }, lines.join('\n'));
  return broken.length === 0 ? EXIT.ok : EXIT.failed;
}

async function ofFolder(options: ReplayCommand, folder: string): Promise<readonly Replayed[]> {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  return replayAll(await codeOf(config.dataDir, config.encryption !== undefined), read(folder));
}

function read(folder: string): readonly Recorded[] {
  try {
    return readHistories(folder);
  } catch (error) {
    if (error instanceof TypeError) throw new CommandError(EXIT.refused, error.message, error);
    throw error;
  }
}

const ofServer = (options: ReplayCommand): Promise<readonly Replayed[]> =>
  withSession(options, async (session) => {
    const { config } = session;
    const { dataConverter } = await session.temporal();
    const recorded = await historiesOf(session, limitOf(options.limit));
    return replayAll(await codeOf(config.dataDir, config.encryption !== undefined), recorded, dataConverter);
  });

/** Those in progress first: they are the ones that would break. */
async function historiesOf(session: Session, limit: number): Promise<Recorded[]> {
  const { client } = await session.temporal();
  const known = new Set(runbookNames());
  const found: Recorded[] = [];
  for (const query of [runsQuery({ status: 'running' }), runsQuery({ status: 'completed' })])
    for await (const { workflowId, runId, type } of client.workflow.list({ query })) {
      if (found.length >= limit) return found;
      if (!known.has(type)) continue;
      found.push({ name: workflowId, history: await client.workflow.getHandle(workflowId, runId).fetchHistory() });
    }
  return found;
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit > 0) return limit;
  throw new CommandError(EXIT.refused, `--limit ${JSON.stringify(text)}: expected a whole number from 1`);
}

async function codeOf(dataDir: string, encodeFailures: boolean): Promise<string> {
  const cache = join(resolve(dataDir), 'cache');
  const { codePath, broken } = await workflowBundle(cache, pino({ level: 'silent' }), { encodeFailures });
  if (broken.length > 0) throw new CommandError(EXIT.refused, broken.map(({ problem }) => problem).join('\n'));
  return codePath;
}
