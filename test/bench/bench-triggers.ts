/** The trigger the measurements go through. */
import { Type } from 'typebox';
import { triggersFor } from '../../triggers/define-trigger.ts';
import { alertType } from '../../triggers/events/event-type.ts';
import type * as workflows from './workflows.ts';

export const benchTriggers = [
  triggersFor<typeof workflows>()({
    id: 'bench',
    on: alertType('ServiceDown', Type.Object({ service: Type.String() })),
    run: 'threeSteps',
    input: ({ data }) => ({ service: data.labels.service }),
    service: ({ data }) => data.labels.service,
  }),
];
