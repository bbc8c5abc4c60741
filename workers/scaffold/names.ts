/** The spellings of a runbook's name: as a function, as a type, as a file and trigger id, as words. */
import { CommandError, EXIT } from '../exit-code.ts';

export interface Names {
  /** `clearCache`: the runbook, and its workflow type. */
  readonly camel: string;
  /** `ClearCache` */
  readonly pascal: string;
  /** `clear-cache`: its files and its trigger. */
  readonly kebab: string;
}

/** Rejects what is no name of a function in camel case, or too long for a trigger id. */
export function namesOf(camel: string): Names {
  if (!/^[a-z][a-z0-9]*([A-Z][a-z0-9]+)*$/.test(camel) || camel.length > 40)
    throw new CommandError(
      EXIT.refused,
      `${JSON.stringify(camel)} is no name of a runbook; expected camel case, at most 40 letters and digits, such as clearCache`,
    );
  return {
    camel,
    pascal: `${camel.slice(0, 1).toUpperCase()}${camel.slice(1)}`,
    kebab: camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  };
}
