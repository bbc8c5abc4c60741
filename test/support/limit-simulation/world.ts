/** What the limit and the runs of a simulation share: time, chance, the network between them, and what is counted. */
import { Agenda } from './agenda.ts';
import { Dice } from './dice.ts';

export const S = 1_000;
export const TOTAL_MS = 120 * S;
export const ATTEMPT_MS = 40 * S;
export const LEASE_MS = TOTAL_MS + ATTEMPT_MS + 30 * S;

export type Plant = 'acts-on-an-old-lease' | 'frees-what-was-cut-off';

export interface SimulationOptions {
  /** A fault planted to see that the simulation notices. */
  readonly plant?: Plant;
  /** Told everything, to see why a schedule fails. */
  readonly trace?: (line: string) => void;
}

export class World {
  readonly agenda = new Agenda();
  readonly dice: Dice;
  readonly seed: number;
  readonly options: SimulationOptions;
  readonly figures = {
    acts: 0,
    grants: 0,
    refusals: 0,
    pages: 0,
    cut: 0,
    /** Most acting at once. */
    peak: 0,
    /** Longest time a slot was held after its step had ended and its lease was last extended, ms. */
    longestLeak: 0,
  };
  /** When what was asked for under an id was over. */
  readonly ends = new Map<string, number>();
  /** When runs were closed, by run id; by the server's clock. */
  readonly closings = new Map<string, number>();
  /** How far the server's clock has been set forward. */
  leapMs = 0;

  constructor(seed: number, options: SimulationOptions) {
    this.seed = seed;
    this.options = options;
    this.dice = new Dice(seed);
  }

  /** The server's clock. */
  clock(): number {
    return 1_700_000_000_000 + this.agenda.now + this.leapMs;
  }

  /** A message: one in ten is lost, one in ten comes twice, one in ten late, some of these very late. */
  send(deliver: () => void): void {
    const { dice } = this;
    if (dice.chance(0.1)) return;
    const copies = dice.chance(0.1) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) this.agenda.after(this.#delay(), deliver);
  }

  trace(line: string): void {
    this.options.trace?.(`${this.agenda.now / S} ${line}`);
  }

  #delay(): number {
    const { dice } = this;
    if (!dice.chance(0.1)) return dice.below(5 * S);
    return dice.below(dice.chance(0.2) ? 400 : 60) * S;
  }
}
