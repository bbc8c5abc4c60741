/** Read, decide, write by compare-and-set; again when another process was faster, a bounded number of times. */
import { Conflict } from '../nats/errors.ts';
import type { Episode } from './episode.ts';
import type { EpisodeBook } from './ports.ts';

const MAX_CONFLICTS = 8;

/** `next` is null when there is nothing to change. Rejects with Conflict when the record never rests: the caller's work comes back later. */
export async function changeEpisode(
  book: EpisodeBook,
  alertKey: string,
  next: (episode: Episode) => Episode | null,
): Promise<void> {
  for (let conflicts = 0; ; conflicts += 1) {
    const { episode, revision } = await book.read(alertKey);
    const changed = episode === null ? null : next(episode);
    if (changed === null) return;
    try {
      await book.write(changed, revision);
      return;
    } catch (error) {
      if (!(error instanceof Conflict) || conflicts >= MAX_CONFLICTS) throw error;
    }
  }
}
