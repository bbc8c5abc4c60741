/** What `tocsin up` tells as it happens: one line per event, decision and step, for somebody who watches. */
import type { Client } from '@temporalio/client';
import type { StoredEvent } from '../triggers/intake/accept.ts';
import type { EventRecord } from '../triggers/path/disposition.ts';
import { sentence } from './disposition-text.ts';
import { type FollowedRun, followRun } from './follow-run.ts';
import { runLink } from './run-link.ts';

export interface StoryOptions {
  readonly client: Client;
  readonly namespace: string;
  readonly uiUrl: string | null;
  /** Each line is one JSON document: when, which part, what. */
  readonly json: boolean;
}

export interface Story {
  say(part: string, text: string): void;
  stored(stored: StoredEvent): void;
  recorded(region: string, record: EventRecord): void;
  /** The end of each run that was followed, by workflow id. */
  readonly ends: ReadonlyMap<string, Promise<FollowedRun>>;
  link(workflowId: string, runId: string): string | null;
}

/** Runs followed side by side; of a storm only the first are told. */
const MAX_FOLLOWED = 20;
const FOLLOW_MS = 600_000;
/** Ends kept for whoever asks later. */
const MAX_ENDS = 1_000;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const document = (at: Date, part: string, text: string): string => JSON.stringify({ at, part, text });

/** Tells what happens outside of any story. */
export const sayer =
  (json: boolean) =>
  (line: string): void =>
    print(json ? document(new Date(), 'tocsin', line) : line);

export function createStory(options: StoryOptions): Story {
  const ends = new Map<string, Promise<FollowedRun>>();
  let following = 0;
  const say = (part: string, text: string): void => {
    const at = new Date();
    print(options.json ? document(at, part, text) : `${at.toTimeString().slice(0, 8)}  ${part.padEnd(8)} ${text}`);
  };
  const link = (workflowId: string, runId: string): string | null =>
    options.uiUrl === null ? null : runLink(options.uiUrl, options.namespace, workflowId, runId);

  const follow = async (workflowId: string, runId: string): Promise<FollowedRun> => {
    following += 1;
    try {
      const end = await followRun(
        options.client,
        { namespace: options.namespace, workflowId, runId },
        {
          deadline: Date.now() + FOLLOW_MS,
          onStep: ({ title, outcome, detail }) =>
            say('run', `${outcome === 'ok' ? '✔' : '✖'} ${title}  ${brief(detail)}`),
        },
      );
      say('run', `${end.status}: ${brief(end.detail)}`);
      const where = link(workflowId, runId);
      if (where !== null) say('run', where);
      return end;
    } finally {
      following -= 1;
    }
  };
  return {
    say,
    ends,
    link,
    stored: ({ sender, event, ack }) =>
      say(
        'intake',
        `${event.type} ${event.partitionkey ?? event.id} from ${sender} is stored in ${ack.stream} as #${ack.sequence}`,
      ),
    recorded: (region, record) => {
      if (record.dispositions.length === 0) {
        say('trigger', `${nameOf(record)} in ${region}: ${effectOf(record)}, no trigger starts anything`);
      }
      for (const disposition of record.dispositions) {
        say('trigger', `${nameOf(record)} in ${region}: ${sentence(disposition)}`);
        if (disposition.kind !== 'started' || following >= MAX_FOLLOWED || ends.size >= MAX_ENDS) continue;
        const end = follow(disposition.workflowId, disposition.runId);
        end.catch(() => undefined);
        ends.set(disposition.workflowId, end);
      }
    },
  };
}

const nameOf = ({ event, position }: EventRecord): string => `#${position.sequence} ${event.title ?? event.type}`;

const effectOf = ({ episode }: EventRecord): string =>
  episode === null
    ? 'recorded'
    : `episode ${episode.generation} ${episode.effect === 'none' ? 'unchanged' : episode.effect}`;

const MAX_DETAIL = 110;

const brief = (text: string): string => (text.length > MAX_DETAIL ? `${text.slice(0, MAX_DETAIL)}…` : text);
