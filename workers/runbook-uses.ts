/** What a runbook asks the configuration and its activities for, read from the text of its file: workflow code is never run here. */
import { readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';

/** A name in the text; the line counts from 1. */
export interface Use {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** In the order of the text. Each place is there, so a name may be there more than once. */
export interface RunbookUses {
  readonly limits: readonly Use[];
  readonly windows: readonly Use[];
  readonly activities: readonly Use[];
}

/**
 * Of one file, not of what it imports. Names are literals or constants of the same file; one that is made at run time is not seen.
 * Throws what the parser says when the file is no TypeScript or JavaScript, or what the file system says when it cannot be read.
 */
export function runbookUses(file: string): RunbookUses {
  // What is put in front makes the first statement begin where the file does: the parser counts its places across files.
  const text = `;${readFileSync(file, 'utf8')}`;
  const { body } = parseSync(text, { syntax: 'typescript', target: 'esnext' });
  const reading: Reading = {
    file,
    bytes: Buffer.from(text),
    start: body[0]?.span.start ?? 0,
    constants: constantsOf(body),
    uses: { limits: [], windows: [], activities: [] },
  };
  visit(body, new Set(), reading);
  return reading.uses;
}

interface Reading {
  readonly file: string;
  readonly bytes: Buffer;
  readonly start: number;
  readonly constants: ReadonlyMap<string, string>;
  readonly uses: Record<keyof RunbookUses, Use[]>;
}

/** A node of the syntax tree; its other fields depend on its type. */
type Node = Readonly<Record<string, unknown>>;

/** `on`: the names that stand for the activities here. */
function visit(value: unknown, on: ReadonlySet<string>, reading: Reading): void {
  if (Array.isArray(value)) for (const each of value) visit(each, on, reading);
  if (!isNode(value)) return;
  if (value['type'] === 'CallExpression') readCall(value, on, reading);
  if (value['type'] === 'KeyValueProperty') readProperty(value, reading);
  const inside = value['type'] === 'ArrowFunctionExpression' ? withParameter(value, on) : on;
  for (const each of Object.values(value)) visit(each, inside, reading);
}

function readCall({ callee, arguments: args }: Node, on: ReadonlySet<string>, reading: Reading): void {
  const first = Array.isArray(args) ? field(args[0], 'expression') : undefined;
  if (isIdentifier(callee, 'limit')) add('limits', first, reading);
  const property = field(callee, 'property');
  if (isIdentifier(property, 'inWindow')) add('windows', windowOf(first), reading);
  const object = field(callee, 'object');
  if (isIdentifier(object) && on.has(String(object['value'])) && isIdentifier(property))
    addName('activities', String(property['value']), property, reading);
}

function readProperty({ key, value }: Node, reading: Reading): void {
  const elements = field(value, 'elements');
  if (!isIdentifier(key, 'limits') || !Array.isArray(elements)) return;
  // Calls of `limit` in the list are read where they stand.
  for (const each of elements) add('limits', field(each, 'expression'), reading);
}

/** A window over several regions is an object that names it. */
function windowOf(use: unknown): unknown {
  const properties = field(use, 'properties');
  if (!Array.isArray(properties)) return use;
  return field(
    properties.find((each) => isIdentifier(field(each, 'key'), 'window')),
    'value',
  );
}

function add(kind: keyof RunbookUses, node: unknown, reading: Reading): void {
  if (!isNode(node)) return;
  const value = String(node['value']);
  const name = node['type'] === 'StringLiteral' ? value : isIdentifier(node) ? reading.constants.get(value) : undefined;
  if (name !== undefined) addName(kind, name, node, reading);
}

function addName(kind: keyof RunbookUses, name: string, node: Node, { file, bytes, start, uses }: Reading): void {
  const offset = Number(field(node['span'], 'start')) - start;
  uses[kind].push({ name, file, line: bytes.subarray(0, offset).toString().split('\n').length });
}

/** Only the activities are handed over under this name: `(on) => on.restart(service)`. */
function withParameter({ params }: Node, on: ReadonlySet<string>): ReadonlySet<string> {
  const first: unknown = Array.isArray(params) ? params[0] : undefined;
  return isIdentifier(first, 'on') ? new Set([...on, 'on']) : on;
}

/** Of the file's top level: `const NAME = 'text'`, exported or not. */
function constantsOf(body: readonly unknown[]): ReadonlyMap<string, string> {
  const declarations = body.flatMap((each) => {
    const list = field(field(each, 'declaration') ?? each, 'declarations');
    return Array.isArray(list) ? (list as unknown[]) : [];
  });
  return new Map(
    declarations.flatMap((each): [string, string][] => {
      const [id, init] = [field(each, 'id'), field(each, 'init')];
      return isIdentifier(id) && field(init, 'type') === 'StringLiteral'
        ? [[String(id['value']), String(field(init, 'value'))]]
        : [];
    }),
  );
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);

const field = (value: unknown, name: string): unknown => (isNode(value) ? value[name] : undefined);

const isIdentifier = (value: unknown, name?: string): value is Node =>
  isNode(value) && value['type'] === 'Identifier' && (name === undefined || value['value'] === name);
