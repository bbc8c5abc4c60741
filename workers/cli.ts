#!/usr/bin/env node
/** The command line. A command is loaded when it is typed, so that the red button does not wait for everything else. */
import { registerAuthoring } from './command-line/authoring.ts';
import { createCommandLine } from './command-line/command-line.ts';
import { registerEvents } from './command-line/events.ts';
import { registerOperate } from './command-line/operate.ts';
import { registerRedButton } from './command-line/red-button.ts';
import { registerRoles } from './command-line/roles.ts';
import { registerRollouts } from './command-line/rollouts.ts';
import { registerRuns } from './command-line/runs.ts';
import { registerTime } from './command-line/time.ts';
import { registerVersions } from './command-line/versions.ts';

const line = createCommandLine();
registerRoles(line);
registerRedButton(line);
registerRuns(line);
registerRollouts(line);
registerEvents(line);
registerTime(line);
registerAuthoring(line);
registerVersions(line);
registerOperate(line);

try {
  await line.program.parseAsync();
} catch (error) {
  const { failureOf } = await import('./command-line/failure-of.ts');
  const { exitCode, message } = failureOf(error);
  if (line.common().json) process.stdout.write(`${JSON.stringify({ error: String(message) })}\n`);
  else console.error(message);
  line.end(exitCode);
}
