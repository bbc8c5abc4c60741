import { lineage } from '../../../../activities/effects.ts';

export interface PokeInput {
  readonly service: string;
  /** Whether the events it causes may name it. */
  readonly signed: boolean;
}

/** Front door of an installation whose effects have consequences: LOOP_TARGET is told of each, and plays the rest of the world. */
export const createActivities = () => ({
  poke: async ({ service, signed }: PokeInput): Promise<void> => {
    const body = JSON.stringify({ service, cause: signed ? lineage() : null });
    const response = await fetch(process.env['LOOP_TARGET'] ?? '', { method: 'POST', body });
    if (!response.ok) throw new Error(`the target answered ${response.status}`);
  },
});

export type LoopingActs = ReturnType<typeof createActivities>;
