/** A fleet is patched when somebody, or a schedule of theirs, asks for it. */
import { defineTrigger } from './define-trigger.ts';
import { fleetPatchRequested } from './events/fleet-patch-requested.ts';

export const patchFleetTrigger = defineTrigger({
  id: 'patch-fleet',
  on: fleetPatchRequested,
  run: 'patchFleet',
  input: ({ data: { fleet } }) => (fleet === undefined ? {} : { fleet }),
  // Opted in by the inventory, target by target.
  targets: { patch: 'night' },
  onFailure: { kind: 'escalate' },
  executionTimeout: '21 days',
});
