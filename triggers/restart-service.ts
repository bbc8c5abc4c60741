/** A service that is down is restarted, once per episode. */
import { defineTrigger } from './define-trigger.ts';
import { serviceDown } from './events/service-down.ts';

export const restartServiceTrigger = defineTrigger({
  id: 'restart-service',
  on: serviceDown,
  run: 'restartService',
  input: ({ data }) => ({ service: data.labels.service }),
  service: ({ data }) => data.labels.service,
  onResolved: 'cancel',
  onFailure: { kind: 'escalate' },
});
