/** The triggers the measurements go through. */
import { Type } from 'typebox';
import { triggersFor } from '../../triggers/define-trigger.ts';
import { alertType } from '../../triggers/events/event-type.ts';
import type * as repairs from './repairs.ts';
import type * as workflows from './workflows.ts';

const serviceDown = alertType('ServiceDown', Type.Object({ service: Type.String() }));

export const benchTriggers = [
  triggersFor<typeof workflows>()({
    id: 'bench',
    on: serviceDown,
    run: 'threeSteps',
    input: ({ data }) => ({ service: data.labels.service }),
    service: ({ data }) => data.labels.service,
  }),
];

export const repairTriggers = [
  triggersFor<typeof repairs>()({
    id: 'bench',
    on: serviceDown,
    run: 'repairByKit',
    input: ({ data }) => ({ target: data.labels.service }),
    service: ({ data }) => data.labels.service,
  }),
];
