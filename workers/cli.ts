#!/usr/bin/env node
/** The command line. A command is loaded when it is typed, so that the red button does not wait for everything else. */
import module from 'node:module';

// From Node 22 on: what was compiled once is kept for the next command. Before anything else is loaded.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { heedReaders } = await import('./command-line/reader-left.ts');
heedReaders();
const [{ createProgram }, { runLine }] = await Promise.all([
  import('./command-line/program.ts'),
  import('./command-line/run-line.ts'),
]);
await runLine(createProgram());
