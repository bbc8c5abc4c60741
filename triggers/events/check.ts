/**
 * Checks outside data against a JSON Schema, once, at the edge. Strict: nothing is coerced, inherited properties do not count, and
 * every problem comes with its place as a JSON Pointer.
 */
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
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
/** For what is read once: all problems, defaults filled in, and no time spent on code that is quick to run. */
const whole = strict({ allErrors: true, useDefaults: true, code: { optimize: false } });

/** Call the result for each value; an empty list means that the value conforms. The first call compiles, and throws when the schema is not one. */
export function compileCheck(schema: TSchema): (value: unknown) => readonly Problem[] {
  let compiled: ValidateFunction | undefined;
  return (value) => {
    const validate = (compiled ??= first.compile(schema));
    return validate(value) ? [] : (validate.errors ?? []).map(toProblem);
  };
}

/** A copy of the value with the defaults of the schema filled in, and every problem of that copy. */
export function checkWithDefaults(
  schema: TSchema,
  value: unknown,
): { readonly filled: unknown; readonly problems: readonly Problem[] } {
  const validate = whole.compile(schema);
  const filled = structuredClone(value);
  return { filled, problems: validate(filled) ? [] : (validate.errors ?? []).map(toProblem) };
}

const toProblem = ({ instancePath, message, params, keyword }: ErrorObject): Problem => {
  if (keyword === 'additionalProperties')
    return { place: `${instancePath}/${String(params['additionalProperty'])}`, message: 'is not known here' };
  const allowed = keyword === 'enum' || keyword === 'const' ? ` ${JSON.stringify(Object.values(params)[0])}` : '';
  return { place: instancePath, message: `${message ?? keyword}${allowed}` };
};
