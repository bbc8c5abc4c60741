/**
 * Checks outside data against a JSON Schema, once, at the edge. Strict: nothing is coerced, inherited properties do not count, and
 * every problem comes with its place as a JSON Pointer.
 */
import { Ajv, type ErrorObject } from 'ajv';
import addFormats from 'ajv-formats';
import type { TSchema } from 'typebox';

export interface Problem {
  /** JSON Pointer into the checked value; empty for the value itself. */
  readonly place: string;
  /** What is expected there. */
  readonly message: string;
}

const ajv = new Ajv({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: false,
  ownProperties: true,
  coerceTypes: false,
});
addFormats.default(ajv, ['date-time']);

/** Compile once at start, then call for each value; an empty list means that the value conforms. */
export function compileCheck(schema: TSchema): (value: unknown) => readonly Problem[] {
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []).map(toProblem));
}

const toProblem = ({ instancePath, message, params, keyword }: ErrorObject): Problem => {
  const allowed = keyword === 'enum' || keyword === 'const' ? ` ${JSON.stringify(Object.values(params)[0])}` : '';
  return { place: instancePath, message: `${message ?? keyword}${allowed}` };
};
