/** Loads the hook into the main thread alone: threads of the SDK inherit what is loaded first, and know no TypeScript. */
import { isMainThread } from 'node:worker_threads';

if (isMainThread) await import('./effect-kill-hook.ts');
