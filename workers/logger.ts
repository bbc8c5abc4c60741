/** Logs are JSON lines. A service writes them to stdout; `tocsin up` keeps stdout for people, and writes them to a file. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, destination, multistream, pino } from 'pino';

export interface LoggerOptions {
  readonly level: string;
  /** Write here instead of stdout, and show warnings and errors as short lines on stderr. */
  readonly file?: string;
}

const WARN = 40;

export function createLogger({ level, file }: LoggerOptions): Logger {
  const options = { level, base: { pid: process.pid }, redact: ['*.authorization', '*.token', '*.secrets'] };
  if (file === undefined) return pino(options, destination({ fd: 1, sync: false }));
  mkdirSync(dirname(file), { recursive: true });
  const shown = { write: (line: string) => void process.stderr.write(short(line)) };
  return pino(
    options,
    multistream([
      { level: 'debug', stream: destination({ dest: file, sync: true }) },
      { level: 'warn', stream: shown },
    ]),
  );
}

function short(line: string): string {
  const { level, msg, err } = JSON.parse(line) as { level: number; msg?: string; err?: { message?: string } };
  const why = err?.message === undefined ? '' : `: ${err.message}`;
  return `${level > WARN ? 'error' : 'warning'}: ${msg ?? ''}${why}\n`;
}
