/** The record of an alert key when a new episode opens, and what it keeps of the one before. */
import type { Position } from './disposition.ts';
import type { Episode } from './episode.ts';

export function openEpisode(before: Episode | null, alertKey: string, position: Position): Episode {
  const base = before ?? emptyEpisode(alertKey);
  return {
    ...base,
    generation: base.generation + 1,
    status: 'open',
    openedBy: position,
    triggers: {},
    parked: {},
    before: runsOf(base),
    writtenAt: position.storedAt,
  };
}

export const emptyEpisode = (alertKey: string): Episode => ({
  alertKey,
  generation: 0,
  status: 'closed',
  openedBy: null,
  lastResolve: null,
  triggers: {},
  writtenAt: 0,
});

export const runsOf = ({ triggers }: Episode): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(triggers).map(([trigger, decision]) => [trigger, decision.workflowId]));
