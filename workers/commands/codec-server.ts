/** `tocsin codec-server`: lets the Temporal UI show what is encrypted. Ends on a signal. */
import { loadConfig, readSecret } from '../config.ts';
import { createCodec } from '../encryption/codec.ts';
import { startCodecServer } from '../encryption/codec-server.ts';
import { encryptionKeys } from '../encryption/data-converter.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { createLifecycle } from '../lifecycle.ts';
import { createLogger } from '../logger.ts';
import { uiUrlOf } from '../run-link.ts';
import type { CommonOptions } from './session.ts';

const DEFAULT_PORT = 8486;

export async function codecServer(options: CommonOptions): Promise<number> {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const { encryption } = config;
  if (encryption === undefined)
    throw new CommandError(EXIT.refused, 'nothing is encrypted: the configuration has no section `encryption`');
  const logger = createLogger({ level: config.log.level });
  const lifecycle = createLifecycle(logger);
  const { host = '127.0.0.1', port = DEFAULT_PORT, origins, token } = encryption.server ?? {};
  const ui = uiUrlOf(config);
  const server = await startCodecServer({
    codec: createCodec(encryptionKeys(encryption.keys)),
    host,
    port,
    origins: origins ?? (ui === null ? [] : [new URL(ui).origin, new URL(ui).origin.replace('127.0.0.1', 'localhost')]),
    token: token === undefined ? null : readSecret(token),
  });
  lifecycle.onClose('codec server', 5_000, () => server.close());
  logger.info({ url: server.url }, 'codec server listens: enter this address as the codec endpoint of the Temporal UI');
  await lifecycle.closing;
  await lifecycle.close('done');
  return EXIT.ok;
}
