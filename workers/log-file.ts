/** Where a process that tells its story on the terminal writes its log. */
import { join, resolve } from 'node:path';
import type { Config } from './config.ts';

export const logFileOf = ({ dataDir }: Config): string => join(resolve(dataDir), 'tocsin.log');
