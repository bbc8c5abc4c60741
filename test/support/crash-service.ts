/** What happens to a service while people think: its instance ends, and another, just as sick, takes its place. No effect of ours. */
import { readState } from '../../workers/demo/demo-files.ts';
import type { DemoService } from '../../workers/demo/supervisor.ts';
import { until } from './until.ts';

/** `dir`: where the service keeps its state. */
export async function crashService(service: DemoService, dir: string): Promise<void> {
  const before = readState(dir);
  process.kill(before?.pid ?? -1, 'SIGTERM');
  await until('the next instance runs', () => {
    const now = readState(dir);
    return now !== null && now.invocation !== before?.invocation;
  });
  await until('the next instance is sick', () => service.exhaust().then(() => true));
}
