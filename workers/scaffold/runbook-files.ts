/** The four files of a new runbook: they compile, and their test passes, as they are. */
import type { Names } from './names.ts';

/** Where it is written, and where the parts of Tocsin are imported from: the package, or paths within its own repository. */
export interface Place {
  readonly workflows: string;
  /** Lines that import what an activity needs. */
  readonly activities: string;
  readonly triggers: string;
  readonly testing: string;
  /** Folder in which tests are found. */
  readonly tests: string;
}

/** File by file, relative to the project. */
export const runbookFiles = (names: Names, from: Place): Readonly<Record<string, string>> => ({
  [`workflows/${names.kebab}.ts`]: workflow(names, from),
  [`activities/${names.kebab}.ts`]: activities(names, from),
  [`triggers/${names.kebab}.ts`]: trigger(names, from),
  [`${from.tests}/${names.kebab}.test.ts`]: test(names, from),
});

const workflow = ({ camel, pascal, kebab }: Names, from: Place): string =>
  `/** Look, repair, look again; call a human when that did not help. */
import { runbook } from '${from.workflows}';
import type { ${pascal}Activities } from '../activities/${kebab}.ts';

export interface ${pascal}Input {
  /** Id of a target of the inventory; anything else is refused by the worker. */
  readonly target: string;
}

export interface ${pascal}Report {
  readonly outcome: 'already-well' | 'repaired';
}

export const ${camel} = runbook<${pascal}Input, ${pascal}Report, ${pascal}Activities>(async ({ target }, run) => {
  const before = await run.check(\`is \${target} sick?\`, (on) => on.look${pascal}({ target }));
  if (before.well) return { outcome: 'already-well' };

  await run.act(\`repair \${target}\`, (on) => on.repair${pascal}({ target }));
  const well = await run.verify(\`is \${target} well?\`, (on) => on.look${pascal}({ target }), {
    holds: (after) => after.well,
    attempts: 5,
    everyMs: 2_000,
  });
  if (!well) run.escalate(\`\${target} was repaired and is still sick\`);
  return { outcome: 'repaired' };
});
`;

const activities = ({ camel, pascal, kebab }: Names, from: Place): string =>
  `/** What runbook ${camel} sees and changes. A command gets the id of an allowed target as an argument of its own, never through a shell. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
${from.activities}

export interface ${pascal}Request {
  readonly target: string;
}

export type ${pascal}Activities = ReturnType<typeof create${pascal}Activities>;

/** Put your own commands in place of these: they look for a file, and make it. */
const isWell = (id: string): readonly string[] => ['test', '-e', join(tmpdir(), \`${kebab}-\${id}\`)];
const repair = (id: string): readonly string[] => ['touch', join(tmpdir(), \`${kebab}-\${id}\`)];

const TIMEOUT_MS = 10_000;

export const create${pascal}Activities = ({ allowedTarget }: { readonly allowedTarget: AllowedTarget }) => ({
  /** Changes nothing. */
  look${pascal}: look(async ({ target }: ${pascal}Request): Promise<{ well: boolean }> => {
    const { exitCode } = await runCommand({ argv: isWell(allowedTarget(target).id), timeoutMs: TIMEOUT_MS });
    return { well: exitCode === 0 };
  }),

  /** May be tried again: doing it twice changes nothing more. */
  repair${pascal}: async ({ target }: ${pascal}Request): Promise<void> => {
    const { exitCode, stderr } = await runCommand({ argv: repair(allowedTarget(target).id), timeoutMs: TIMEOUT_MS });
    if (exitCode !== 0) throw new Error(\`exit code \${exitCode}: \${stderr.slice(0, 200)}\`);
  },
});
`;

const trigger = ({ camel, pascal, kebab }: Names, from: Place): string =>
  `/** Alert \`${pascal}Needed\` starts ${camel}, once per episode. Its label \`target\` says for whom. */
import { Type, alertType, triggersFor } from '${from.triggers}';
import type * as runbooks from '../workflows/index.ts';

const ${camel}Needed = alertType('${pascal}Needed', Type.Object({ target: Type.String({ minLength: 1 }) }));

export const ${camel}Trigger = triggersFor<typeof runbooks>()({
  id: '${kebab}',
  on: ${camel}Needed,
  run: '${camel}',
  input: ({ data }) => ({ target: data.labels.target }),
  service: ({ data }) => data.labels.target,
});
`;

const test = ({ camel, pascal, kebab }: Names, from: Place): string =>
  `import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type TestKit, answers, givenAlert, openTestKit } from '${from.testing}';
import { ${camel}Trigger } from '${up(from)}triggers/${kebab}.ts';
import type * as runbooks from '${up(from)}workflows/index.ts';

describe('${camel}', () => {
  let kit: TestKit<typeof runbooks>;
  before(async () => {
    kit = await openTestKit<typeof runbooks>();
  });
  after(() => kit?.close());

  const alert = { given: givenAlert({ name: '${pascal}Needed', labels: { target: 'demo' } }), trigger: ${camel}Trigger };

  it('repairs what is sick', async () => {
    const run = await kit.run('${camel}', {
      ...alert,
      activities: { look${pascal}: answers({ well: false }, { well: true }), repair${pascal}: () => undefined },
    });
    run.expectSteps('is demo sick?', 'repair demo', 'is demo well? (1/5)');
    assert.deepEqual(run.report, { outcome: 'repaired' });
  });

  it('leaves alone what is well', async () => {
    const run = await kit.run('${camel}', { ...alert, activities: { look${pascal}: () => ({ well: true }) } });
    run.expectSteps('is demo sick?');
    assert.deepEqual(run.report, { outcome: 'already-well' });
  });

  it('calls a human when it did not help', async () => {
    const run = await kit.run('${camel}', {
      ...alert,
      activities: { look${pascal}: () => ({ well: false }), repair${pascal}: () => undefined },
    });
    assert.match(run.failure ?? '', /demo was repaired and is still sick/);
  });
});
`;

const up = ({ tests }: Place): string => '../'.repeat(tests.split('/').length);
