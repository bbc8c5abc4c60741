/** Triggers that do not simply run: paused ones, and those in another mode than `auto`. */
import { controlOf } from '../../triggers/path/control.ts';
import { ago } from './ago.ts';
import { byRegion } from './by-region.ts';
import type { StatusSection } from './section.ts';
import { project } from '../project.ts';

export const triggerModes: StatusSection = {
  name: 'triggers',
  look: (session) =>
    byRegion(
      session,
      async ({ region, control }) => {
        const current = await control.read();
        return project.triggers.map((trigger) => ({ region, id: trigger.id, ...controlOf(current, trigger) }));
      },
      (regions) => {
        const now = Date.now();
        const found = regions.flat();
        const held = found.filter(({ mode, paused }) => paused !== null || mode !== 'auto');
        return {
          lines: [
            `${found.length - held.length} of ${found.length} run by themselves`,
            ...held.map(
              ({ region, id, mode, paused, pausedAt }) =>
                `${region} ${id}: ${mode}${paused === null ? '' : `, paused (${paused})${pausedAt === null ? '' : ` for ${ago(now - pausedAt)}`}`}`,
            ),
          ],
          facts: found,
          bad: found.some(({ paused }) => paused !== null),
        };
      },
    ),
};
