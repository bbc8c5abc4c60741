/** What asks for a rollout of `patchFleet`: a CloudEvent of this type from whoever releases patches. */
import { Type, type Static } from 'typebox';
import { eventType } from './event-type.ts';

const Requested = Type.Object({
  /** Narrows it to targets with this label `fleet`. */
  fleet: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
});

export type FleetPatchRequested = Static<typeof Requested>;

export const fleetPatchRequested = eventType('tocsin.event.fleet.patch.requested', Requested);
