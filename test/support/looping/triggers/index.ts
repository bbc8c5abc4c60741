/** Alerts are acted on in the region that their label `acts` names; the plain event carries its lineage itself. */
import { Type } from 'typebox';
import type { Trigger } from '../../../../triggers/define-trigger.ts';
import type { Alert } from '../../../../triggers/events/alert.ts';
import type { EventOf } from '../../../../triggers/events/cloud-event.ts';
import { alertType, eventType } from '../../../../triggers/events/event-type.ts';

export const POKED = 'com.example.poked';

const onAlert = (id: string, name: string): Trigger => ({
  id,
  on: alertType(name, Type.Object({ service: Type.String() })),
  run: 'pokeService',
  input: ({ data }: EventOf<Alert>) => ({ service: data.labels['service'], signed: false }) as never,
  service: ({ data }: EventOf<Alert>) => data.labels['service'] ?? '',
  onResolved: 'finish',
});

export const triggers: readonly Trigger[] = [
  onAlert('a', 'AlertA'),
  onAlert('b', 'AlertB'),
  {
    id: 'c',
    on: eventType(POKED, Type.Object({ service: Type.String() })),
    run: 'pokeService',
    input: ({ data }) => ({ ...(data as object), signed: true }) as never,
    service: ({ data }) => (data as { service: string }).service,
  },
];
