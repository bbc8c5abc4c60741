/** Whether the two servers answer, and how soon. */
import { natsTarget, temporalTargetOf } from '../connect.ts';
import type { StatusSection } from './section.ts';

const CALL_TIMEOUT_MS = 3_000;

export const servers: StatusSection = {
  name: 'servers',
  look: async (session) => {
    const answers = await Promise.all([
      timed('nats', async () => (await session.log()).ping()),
      timed('temporal', async () => {
        const { client, namespace } = await session.temporal();
        await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
          client.workflowService.describeNamespace({ namespace }),
        );
      }),
    ]);
    const where: Readonly<Record<string, string>> = {
      nats: natsTarget(session.config).external ? 'of your own' : 'embedded',
      temporal: temporalTargetOf(session.config).external ? 'of your own' : 'embedded',
    };
    return {
      lines: answers.map(({ name, ms, error }) =>
        error === null ? `${name} (${where[name]}) answers in ${ms} ms` : `${name}: ${error}`,
      ),
      facts: answers,
      bad: answers.some(({ error }) => error !== null),
    };
  },
};

interface Answer {
  readonly name: string;
  readonly ms: number | null;
  readonly error: string | null;
}

async function timed(name: string, ask: () => Promise<unknown>): Promise<Answer> {
  const begun = performance.now();
  try {
    await ask();
    return { name, ms: Math.round(performance.now() - begun), error: null };
  } catch (error) {
    return { name, ms: null, error: error instanceof Error ? error.message : String(error) };
  }
}
