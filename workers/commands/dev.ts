/** `tocsin dev`: everything up as with `tocsin up`, and the code of the project exchanged on save while the servers stay. */
import { dirname, resolve } from 'node:path';
import { configPath, loadConfig } from '../config.ts';
import { runDevLoop } from '../dev/dev-loop.ts';
import { EXIT } from '../exit-code.ts';
import { createLifecycle } from '../lifecycle.ts';
import { logFileOf } from '../log-file.ts';
import { createLogger } from '../logger.ts';
import { refuseUnsafe } from '../production.ts';
import { project } from '../project.ts';
import { lockDataDir } from '../servers/data-dir.ts';
import { startServers } from '../servers/embedded.ts';
import { sayer } from '../story.ts';
import type { CommonOptions } from './session.ts';

/** Resolves with the exit code when everything is closed. */
export async function dev({ configFile, json }: CommonOptions): Promise<number> {
  const say = sayer(json);
  const source = configFile === undefined ? {} : { file: configFile };
  const config = loadConfig(source);
  await refuseUnsafe(config);
  const lock = lockDataDir(resolve(config.dataDir), say);
  const logger = createLogger({ level: config.log.level, file: logFileOf(config) });
  const lifecycle = createLifecycle(logger);
  try {
    await startServers({ config, lifecycle }, lock, say);
    const { workflows } = project;
    await runDevLoop({
      config,
      configFile,
      json,
      configPath: configPath(source),
      root: dirname(dirname(workflows)),
      workflows,
      lifecycle,
      logger,
      say,
    });
    say('stopping ...');
  } finally {
    await lifecycle.close('done');
    lock.release();
  }
  return EXIT.ok;
}
