/** Whether each server answers, and how soon. */
import { exitCodeOf } from '../commands/region-answers.ts';
import { natsServers, natsTarget, temporalTargetOf } from '../connect.ts';
import type { Session } from '../commands/session.ts';
import type { StatusSection } from './section.ts';

const CALL_TIMEOUT_MS = 3_000;

export const servers: StatusSection = {
  name: 'servers',
  look: async (session) => {
    const { config } = session;
    const embedded = natsTarget(config);
    const logs = natsServers(config);
    const answers = await Promise.all([
      ...logs.map(({ url, regions }) =>
        timed(
          session,
          logs.length === 1 ? 'nats' : `nats of ${regions.join(', ')}`,
          !embedded.external && url === embedded.url,
          async () => (await session.log(...regions)).ping(),
        ),
      ),
      timed(session, 'temporal', !temporalTargetOf(config).external, async () => {
        const { client, namespace } = await session.temporal();
        await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
          client.workflowService.describeNamespace({ namespace }),
        );
      }),
    ]);
    return {
      lines: answers.map(({ name, broughtAlong, ms, error }) =>
        error === null
          ? `${name} (${broughtAlong ? 'embedded' : 'of your own'}) answers in ${ms} ms`
          : `${name}: ${error}`,
      ),
      facts: answers.map(({ name, ms, error }) => ({ name, ms, error })),
      bad: answers.some(({ error }) => error !== null),
      exitCode: exitCodeOf({
        missing: answers.flatMap(({ name, failure }) => (failure === null ? [] : [{ region: name, error: failure }])),
      }),
    };
  },
};

interface Answer {
  readonly name: string;
  readonly broughtAlong: boolean;
  readonly ms: number | null;
  readonly error: string | null;
  readonly failure: unknown;
}

async function timed(
  session: Session,
  name: string,
  broughtAlong: boolean,
  ask: () => Promise<unknown>,
): Promise<Answer> {
  const begun = performance.now();
  try {
    await ask();
    return { name, broughtAlong, ms: Math.round(performance.now() - begun), error: null, failure: null };
  } catch (error) {
    const failure = session.refusal(error) ?? error;
    const why = failure instanceof Error ? failure.message : String(failure);
    return { name, broughtAlong, ms: null, error: why, failure };
  }
}
