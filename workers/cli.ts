#!/usr/bin/env node
/** The command line. A command is loaded when it is typed, so that the red button does not wait for everything else. */
import { createProgram } from './command-line/program.ts';

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
