/** Triggers that do not simply run: paused ones, and those in another mode than `auto`. */
import { controlOf } from '../../triggers/path/control.ts';
import { ago } from './ago.ts';
import type { StatusSection } from './section.ts';
import { project } from '../project.ts';

export const triggerModes: StatusSection = {
  name: 'triggers',
  look: async (session) => {
    const now = Date.now();
    const found = [];
    for (const { region, control } of await session.paths()) {
      const current = await control.read();
      for (const trigger of project.triggers) found.push({ region, id: trigger.id, ...controlOf(current, trigger) });
    }
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
};
