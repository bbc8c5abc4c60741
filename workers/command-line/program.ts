/** The whole command line, with nothing run and no command loaded. */
import { registerAuthoring } from './authoring.ts';
import { type CommandLine, createCommandLine } from './command-line.ts';
import { registerEvents } from './events.ts';
import { registerOperate } from './operate.ts';
import { registerRedButton } from './red-button.ts';
import { registerRoles } from './roles.ts';
import { registerRollouts } from './rollouts.ts';
import { registerRuns } from './runs.ts';
import { registerTime } from './time.ts';
import { registerVersions } from './versions.ts';

export function createProgram(): CommandLine {
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
  return line;
}
