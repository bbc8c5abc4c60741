#!/usr/bin/env node
/** The command line. A command is loaded when it is typed, so that the red button does not wait for everything else. */
import module from 'node:module';

// From Node 22 on: what was compiled once is kept for the next command. Before anything else is loaded.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { heedReaders } = await import('./command-line/reader-left.ts');
heedReaders();
const { createProgram } = await import('./command-line/program.ts');
const line = createProgram();

try {
  await line.program.parseAsync();
} catch (error) {
  const { failureOf } = await import('./command-line/failure-of.ts');
  const { exitCode, message } = failureOf(error);
  if (line.common().json) process.stdout.write(`${JSON.stringify({ error: String(message) })}\n`);
  else console.error(message);
  line.end(exitCode);
}
