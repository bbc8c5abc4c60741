import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createActivities } from '../../activities/index.ts';
import { isLook } from '../../activities/look.ts';
import { servicesOf } from '../support/services.ts';
import { SHIPPED_EFFECTS } from '../support/shipped-effects.ts';

const HISTORIES = join(import.meta.dirname, '../histories');

interface History {
  readonly events: readonly {
    readonly activityTaskScheduledEventAttributes?: { readonly activityType: { readonly name: string } };
  }[];
}

const calledBy = (runbook: string): readonly string[] =>
  readdirSync(HISTORIES)
    .filter((file) => file.startsWith(`${runbook}-`) && file.endsWith('.json'))
    .flatMap((file) => (JSON.parse(readFileSync(join(HISTORIES, file), 'utf8')) as History).events)
    .flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType.name ?? []);

describe('effects of the shipped runbooks', () => {
  const activities: Readonly<Record<string, object>> = createActivities(
    servicesOf({ region: 'eu', services: [], allow: [] }),
  );
  const changes = (name: string): boolean => {
    const activity = activities[name];
    assert.ok(activity !== undefined, `${name} is no activity`);
    return !isLook(activity);
  };

  for (const [runbook, effects] of Object.entries(SHIPPED_EFFECTS))
    it(`recorded histories of ${runbook} have these, which are killed, and no others`, () => {
      const called = new Set(calledBy(runbook).filter(changes));
      assert.deepEqual(called, new Set<string>(effects));
    });
});
