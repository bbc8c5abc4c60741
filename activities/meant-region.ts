/** The region a step is meant for, which is not always the worker's own: a region whose workers are away may let another act for it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { RUN_HEADER } from '../workflows/kit/run-context.ts';
import type { RunHeader } from '../workflows/kit/run-header.ts';
import { processWide } from './process-wide.ts';

const meant = processWide('meant-region', () => new AsyncLocalStorage<string>());

/** Null: nothing was said, so the worker's own is meant. Call inside an activity only. */
export const meantRegion = (): string | null => meant.getStore() ?? null;

export const meantActivities: ActivityInterceptorsFactory = () => ({
  inbound: {
    execute: (input, next) => {
      const header = input.headers[RUN_HEADER];
      if (header === undefined) return next(input);
      const { meantFor } = defaultPayloadConverter.fromPayload<Partial<RunHeader>>(header);
      return typeof meantFor === 'string' ? meant.run(meantFor, () => next(input)) : next(input);
    },
  },
});
