/** The screen of `tocsin status`, from top to bottom. Another section is another file and a line here. */
import { approvals } from './approvals.ts';
import { deadLetters } from './dead-letters.ts';
import { limits } from './limits.ts';
import { redButton } from './red-button.ts';
import { regions } from './regions.ts';
import { runs } from './runs.ts';
import type { StatusSection } from './section.ts';
import { servers } from './servers.ts';
import { triggerModes } from './trigger-modes.ts';
import { workers } from './workers.ts';

export const sections: readonly StatusSection[] = [
  servers,
  regions,
  workers,
  runs,
  approvals,
  limits,
  deadLetters,
  redButton,
  triggerModes,
];
