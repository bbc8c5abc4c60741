/** Interceptor of the runbook worker: an effect within a window takes along until when it may begin, and its worker looks again. */
import { defaultPayloadConverter } from '@temporalio/common';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { notAfter } from './held-window.ts';
import { WINDOW_HEADER } from './window-message.ts';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        const end = notAfter.getStore();
        if (end === undefined || end === Infinity) return next(input);
        return next({
          ...input,
          headers: { ...input.headers, [WINDOW_HEADER]: defaultPayloadConverter.toPayload(end) },
        });
      },
    },
  ],
});
