/** Mistakes in tests of runbooks that have to be compile errors. Nothing here runs. */
import { restartServiceTrigger } from '../../triggers/restart-service.ts';
import { type TestKit, givenAlert } from '../../workers/testing/index.ts';
import type * as runbooks from '../../workflows/index.ts';

declare const kit: TestKit<typeof runbooks>;
const well = { healthy: true, detail: 'ok', invocation: 'b', rotation: false };
const given = givenAlert({ name: 'ServiceDown' });

void kit.run('restartService', { input: { service: 'x' }, activities: { observeService: () => well } });
void kit.run('restartService', { given, trigger: restartServiceTrigger, activities: {} });

// @ts-expect-error there is no such runbook
void kit.run('restartServce', { input: { service: 'x' }, activities: {} });
// @ts-expect-error the runbook wants `service`
void kit.run('restartService', { input: { name: 'x' }, activities: {} });
void kit.run('restartService', {
  input: { service: 'x' },
  // @ts-expect-error there is no such activity
  activities: { observeServce: () => well },
});
void kit.run('restartService', {
  input: { service: 'x' },
  activities: {
    // @ts-expect-error it answers otherwise
    observeService: () => ({ healthy: 'yes' }),
  },
});
// @ts-expect-error an alert needs the trigger that takes it
void kit.run('restartService', { given, activities: {} });

void kit.run('restartService', { input: { service: 'x' }, activities: {} }).then(({ report }) => {
  if (report?.outcome === 'restarted') report.seen satisfies string;
  // @ts-expect-error it never ends so
  return report?.outcome === 'rebooted';
});
