/** The part of the configuration that says what may be deleted from which disks: the allow-list of runbook clearDisk. */
import { Type, type Static } from 'typebox';
import type { DiskDefinition } from '../activities/disk-definition.ts';
import { durationMs } from './duration.ts';
import { SelectorSchema } from './inventory/inventory-schema.ts';

const CLOSED = { additionalProperties: false };
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' });
/** Absolute and in normal form: no `..`, no `.`, no empty part, no control character. */
const PARTS = '(/(?!\\.{1,2}(/|$))[^/\\x00-\\x1f\\x7f]+)';

const RULES = [
  Type.Object(
    {
      kind: Type.Literal('prune'),
      name: Name,
      directory: Type.String({ pattern: `^${PARTS}{2,}$`, maxLength: 1_000 }),
      /** Pattern of a name; `*` alone would be everything. */
      files: Type.String({ pattern: '^(?!\\**$)[^/\\x00-\\x1f\\x7f]{1,200}$' }),
      olderThan: Type.String({ pattern: '^([1-9]\\d{0,3} ?m|[1-9]\\d{0,3} ?h|[1-9]\\d{0,3} ?d)$' }),
    },
    CLOSED,
  ),
  Type.Object(
    { kind: Type.Literal('journal'), name: Name, keep: Type.String({ pattern: '^[1-9]\\d{0,6}[KMGT]$' }) },
    CLOSED,
  ),
] as const;
const RuleSchema = Type.Unsafe<Static<(typeof RULES)[number]>>({
  type: 'object',
  required: ['kind'],
  discriminator: { propertyName: 'kind' },
  oneOf: RULES,
});

export const DisksSchema = Type.Array(
  Type.Object(
    {
      targets: SelectorSchema,
      path: Type.String({ pattern: `^(/|${PARTS}+)$`, maxLength: 1_000 }),
      /** Percent used. */
      fullAt: Type.Integer({ minimum: 1, maximum: 100, default: 85 }),
      clear: Type.Array(RuleSchema, { minItems: 1, maxItems: 20 }),
    },
    CLOSED,
  ),
  { maxItems: 200, default: [] },
);

export type DiskConfig = Static<typeof DisksSchema>[number];

export const diskDefinitions = (disks: readonly DiskConfig[]): DiskDefinition[] =>
  disks.map(({ clear, ...disk }) => ({
    ...disk,
    clear: clear.map((rule) => {
      if (rule.kind === 'journal') return rule;
      const { olderThan, ...rest } = rule;
      return { ...rest, olderThanMs: durationMs(olderThan) };
    }),
  }));

/** Where a mistake would delete what the host runs on. */
const NEVER = ['/bin', '/boot', '/dev', '/etc', '/lib', '/lib32', '/lib64', '/proc', '/sbin', '/sys', '/usr'];

/** What no schema can say: one line per problem, each with its place. */
export const diskProblems = (disks: readonly DiskConfig[]): string[] =>
  disks.flatMap(({ path, clear }, disk) => [
    ...clear.flatMap((rule, index) => {
      if (rule.kind === 'journal') return [];
      const place = `/disks/${disk}/clear/${index}/directory`;
      const system = NEVER.find((each) => within(rule.directory, each));
      if (system !== undefined) return [`${place}: ${rule.directory} is a part of ${system}, where nothing is deleted`];
      return within(rule.directory, path) ? [] : [`${place}: ${rule.directory} is not on ${path}`];
    }),
    ...(new Set(clear.map(({ name }) => name)).size === clear.length
      ? []
      : [`/disks/${disk}/clear: a name is there twice`]),
  ]);

const within = (directory: string, parent: string): boolean =>
  `${directory}/`.startsWith(parent === '/' ? '/' : `${parent}/`);
