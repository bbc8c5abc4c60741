/** The files of a new project: the same shape as Tocsin's own, on top of the package. */

export interface ProjectOptions {
  readonly name: string;
  /** What npm installs as `tocsin`: a version, or `file:` and a tarball. */
  readonly tocsin: string;
  /** Versions of the tools it is written with, as Tocsin itself uses them. */
  readonly tools: Readonly<Record<string, string>>;
}

/** File by file, relative to the project. */
export const projectFiles = ({ name, tocsin, tools }: ProjectOptions): Readonly<Record<string, string>> => ({
  'package.json': `${JSON.stringify(
    {
      name,
      private: true,
      type: 'module',
      engines: { node: '>=20.19.0' },
      scripts: {
        start: 'tocsin up',
        dev: 'tocsin dev',
        check: 'tsc && tocsin check',
        test: 'node --import tsx --test test/*.test.ts',
      },
      dependencies: { tocsin },
      devDependencies: tools,
    },
    null,
    2,
  )}\n`,
  'tsconfig.json': `${JSON.stringify(
    {
      compilerOptions: {
        target: 'es2023',
        lib: ['es2024'],
        module: 'nodenext',
        types: ['node'],
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        verbatimModuleSyntax: true,
        erasableSyntaxOnly: true,
        allowImportingTsExtensions: true,
        skipLibCheck: true,
        noEmit: true,
      },
      include: ['workflows', 'activities', 'triggers', 'test'],
    },
    null,
    2,
  )}\n`,
  '.gitignore': 'node_modules/\n.tocsin/\n',
  'tocsin.yaml': `# What is not here has its default: \`npx tocsin check\` names what is wrong with it.
regions: [eu]

intake:
  senders:
    - name: alertmanager # POST /in/alertmanager
      kind: alertmanager
      auth: { kind: none } # only on loopback

# What runbooks may act upon; an alert can only choose among these.
inventory:
  providers:
    - { name: targets, kind: file, path: targets.yaml }
`,
  'targets.yaml': `targets:
  - { id: demo, kind: demo, region: eu }
`,
  'workflows/index.ts': `/** FRONT DOOR 1: the runbooks. The name of each export is its workflow type; keep it stable. */
export { restartService } from 'tocsin/runbooks';
`,
  'activities/index.ts': `/** FRONT DOOR 3: the activities of one region's workers, with what they depend on passed in. */
import { type ActivityDependencies, createServiceActivities } from 'tocsin/activities';

export const createActivities = (dependencies: ActivityDependencies) => ({
  ...createServiceActivities(dependencies),
});
`,
  'triggers/index.ts': `/** FRONT DOOR 2: the triggers and schedules. A runbook runs by itself only when its trigger is named here. */
import { type ScheduleDefinition, type Trigger, restartServiceTrigger } from 'tocsin/triggers';

export const triggers: readonly Trigger[] = [restartServiceTrigger];

export const schedules: readonly ScheduleDefinition[] = [];
`,
  'README.md': `# ${name}

Runbooks on Tocsin. \`npm install\`, then:

- \`npx tocsin new runbook NAME\`: a runbook with its activity, trigger and test
- \`npm run check\`: types, configuration, lists and workflow code
- \`npm test\`: the runbooks on a server whose time is skipped
- \`npm start\`: everything up, with the Temporal UI
- \`npm run dev\`: the same, with the code exchanged whenever a file is saved
`,
});
