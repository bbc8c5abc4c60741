/** Takes decisions out of the episode book again, when nothing came of them. */
import { changeEpisode } from './change-episode.ts';
import type { Position } from './disposition.ts';
import type { TriggerDecision } from './episode.ts';
import { isSame } from './order.ts';
import type { EpisodeBook } from './ports.ts';

/** A start that Temporal refused leaves no run to join: take the decision back, so that the next firing is judged anew. */
export const forget = (book: EpisodeBook, alertKey: string, trigger: string, workflowId: string): Promise<void> =>
  takeBack(book, alertKey, (id, decision) => id === trigger && decision.workflowId === workflowId);

/** All that this message decided. */
export const forgetAll = (book: EpisodeBook, alertKey: string, by: Position): Promise<void> =>
  takeBack(book, alertKey, (_id, { startedBy }) => isSame(startedBy, by));

const takeBack = (
  book: EpisodeBook,
  alertKey: string,
  concerns: (trigger: string, decision: TriggerDecision) => boolean,
): Promise<void> =>
  changeEpisode(book, alertKey, (episode) => {
    const all = Object.entries(episode.triggers);
    const kept = all.filter(([id, decision]) => !concerns(id, decision));
    return kept.length === all.length ? null : { ...episode, triggers: Object.fromEntries(kept) };
  });
