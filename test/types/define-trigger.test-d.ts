/** Mistakes that have to be compile errors. Nothing here runs: `npm run typecheck` fails when one of them becomes acceptable. */
import { Type } from 'typebox';
import type { Look } from '../../activities/look.ts';
import { defineTrigger } from '../../triggers/define-trigger.ts';
import { alertType, eventType } from '../../triggers/events/event-type.ts';
import { runbook } from '../../workflows/kit/index.ts';

const down = alertType('ServiceDown', Type.Object({ service: Type.String() }));
const deployed = eventType('com.example.deployed', Type.Object({ version: Type.String(), canary: Type.Boolean() }));

defineTrigger({
  id: 'right',
  on: down,
  run: 'restartService',
  input: ({ data }) => ({ service: data.labels.service }),
});
defineTrigger({
  id: 'right-too',
  on: deployed,
  match: { canary: true },
  when: ({ data }) => data.version.startsWith('2.'),
  run: 'restartService',
  input: ({ data }) => ({ service: data.version }),
});

defineTrigger({
  id: 'wrong-runbook',
  on: down,
  // @ts-expect-error there is no such runbook
  run: 'restartServce',
  input: () => ({ service: 'x' }),
});

defineTrigger({
  id: 'wrong-input',
  on: down,
  run: 'restartService',
  // @ts-expect-error the runbook wants `service`
  input: ({ data }) => ({ name: data.labels.service }),
});

defineTrigger({
  id: 'wrong-type-of-input',
  on: down,
  run: 'restartService',
  // @ts-expect-error a number is no service
  input: () => ({ service: 7 }),
});

defineTrigger({
  id: 'missing-label',
  on: down,
  run: 'restartService',
  // @ts-expect-error the event has no label `host`
  input: ({ data }) => ({ service: data.labels.host }),
});

defineTrigger({
  id: 'missing-field-in-when',
  on: deployed,
  // @ts-expect-error the event has no field `region`
  when: ({ data }) => data.region === 'eu',
  run: 'restartService',
  input: ({ data }) => ({ service: data.version }),
});

defineTrigger({
  id: 'wrong-value-in-match',
  on: deployed,
  // @ts-expect-error `canary` is a boolean
  match: { canary: 'yes' },
  run: 'restartService',
  input: ({ data }) => ({ service: data.version }),
});

defineTrigger({
  id: 'wrong-duration',
  on: down,
  run: 'restartService',
  input: ({ data }) => ({ service: data.labels.service }),
  // @ts-expect-error not a duration
  maxEventAge: 'two hours',
});

// @ts-expect-error a type is a text
eventType(7, Type.Object({}));
// @ts-expect-error an event type needs a schema
eventType('com.example.deployed');
// @ts-expect-error labels are an object
alertType('ServiceDown', Type.String());
// @ts-expect-error an alert has a name
alertType(Type.Object({ service: Type.String() }));

defineTrigger({
  id: 'no-schema',
  on: eventType('com.example.deployed', { version: 'string' }),
  run: 'restartService',
  // @ts-expect-error what is no schema says nothing of the data
  input: ({ data }) => ({ service: data.version }),
});

defineTrigger({
  id: 'no-event-type',
  // @ts-expect-error the name of a type is no event type
  on: 'com.example.deployed',
  run: 'restartService',
  input: () => ({ service: 'x' }),
});

defineTrigger({
  id: 'field-that-is-not-there',
  on: deployed,
  // @ts-expect-error the event has no field `stage`
  match: { stage: 'canary' },
  run: 'restartService',
  input: ({ data }) => ({ service: data.version }),
});

defineTrigger({
  id: 'wrong-mode',
  on: down,
  run: 'restartService',
  input: ({ data }) => ({ service: data.labels.service }),
  // @ts-expect-error there is no such mode
  mode: 'automatic',
});

// @ts-expect-error a trigger has an id
defineTrigger({ on: down, run: 'restartService', input: ({ data }) => ({ service: data.labels.service }) });

interface Steps {
  readonly look: Look<(input: { readonly what: string }) => Promise<boolean>>;
  readonly change: (input: { readonly what: string }) => Promise<void>;
}

export const right = runbook<{ readonly what: string }, boolean, Steps>(({ what }, run) =>
  run.check('look', (on) => on.look({ what })),
);

export const wrongStep = runbook<{ readonly what: string }, boolean, Steps>(({ what }, run) =>
  // @ts-expect-error there is no such activity
  run.check('look', (on) => on.lok({ what })),
);

export const wrongStepInput = runbook<{ readonly what: string }, boolean, Steps>((_input, run) =>
  // @ts-expect-error the activity wants `what`
  run.check('look', (on) => on.look({})),
);

export const effectAsCheck = runbook<{ readonly what: string }, void, Steps>(({ what }, run) =>
  // @ts-expect-error a check only looks
  run.check('look', (on) => on.change({ what })),
);
