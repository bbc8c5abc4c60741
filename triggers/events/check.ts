/**
 * Checks outside data against a JSON Schema, once, at the edge. Strict: nothing is coerced, inherited properties do not count, and
 * every problem comes with its place as a JSON Pointer.
 */
import { Ajv, type ErrorObject, type Options } from 'ajv';
import addFormats from 'ajv-formats';
import type { TSchema } from 'typebox';

export interface Problem {
  /** JSON Pointer into the checked value; empty for the value itself. */
  readonly place: string;
  /** What is expected there. */
  readonly message: string;
}

const strict = (options: Options): Ajv => {
  const ajv = new Ajv({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    ownProperties: true,
    coerceTypes: false,
    discriminator: true,
    ...options,
  });
  addFormats.default(ajv, ['date-time']);
  return ajv;
};
/** Stops at the first problem: what comes from outside must not make us count all its faults. */
const first = strict({ allErrors: false });
const all = strict({ allErrors: true });
const defaults = strict({ allErrors: true, useDefaults: true });

/** Compile once at start, then call for each value; an empty list means that the value conforms. */
export function compileCheck(
  schema: TSchema,
  { allErrors = false }: { readonly allErrors?: boolean } = {},
): (value: unknown) => readonly Problem[] {
  const validate = (allErrors ? all : first).compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []).map(toProblem));
}

/** A copy of the value with the defaults of the schema filled in; whether it conforms is another question. */
export function withDefaults(schema: TSchema, value: unknown): unknown {
  const copy = structuredClone(value);
  defaults.compile(schema)(copy);
  return copy;
}

const toProblem = ({ instancePath, message, params, keyword }: ErrorObject): Problem => {
  if (keyword === 'additionalProperties')
    return { place: `${instancePath}/${String(params['additionalProperty'])}`, message: 'is not known here' };
  const allowed = keyword === 'enum' || keyword === 'const' ? ` ${JSON.stringify(Object.values(params)[0])}` : '';
  return { place: instancePath, message: `${message ?? keyword}${allowed}` };
};
