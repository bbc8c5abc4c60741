import type { Trigger } from '../../../../triggers/define-trigger.ts';
import { restartServiceTrigger } from '../../../../triggers/restart-service.ts';

export const triggers: readonly Trigger[] = [{ ...restartServiceTrigger, executionTimeout: '90s' }];
