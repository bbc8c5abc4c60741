/** Arguments of `node` for a `tocsin` process: the built program that users get, which starts in half the time of its sources. */
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../dist/workers/cli.js');

export const tocsinProcess = (...args: readonly string[]): string[] => [PROGRAM, ...args];
