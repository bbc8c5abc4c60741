/** Adds a runbook to the three lists. They stay explicit: a line for each, written as a person would. */
import { CommandError, EXIT } from '../exit-code.ts';
import type { Names } from './names.ts';

/** The front doors with the new lines. Rejects, naming the line to add, a list that is written in a way not known here. */
export const listed = (
  names: Names,
  frontDoors: Readonly<Record<'workflows/index.ts' | 'activities/index.ts' | 'triggers/index.ts', string>>,
): Readonly<Record<string, string>> => ({
  'workflows/index.ts': withRunbook(frontDoors['workflows/index.ts'], names),
  'activities/index.ts': withActivities(frontDoors['activities/index.ts'], names),
  'triggers/index.ts': withTrigger(frontDoors['triggers/index.ts'], names),
});

const withRunbook = (text: string, { camel, kebab }: Names): string =>
  `${text.trimEnd()}\nexport { ${camel} } from './${kebab}.ts';\n`.trimStart();

function withActivities(text: string, { pascal, kebab }: Names): string {
  const call = `...create${pascal}Activities(dependencies)`;
  const list = /(createActivities = \(dependencies: ActivityDependencies\) => \(\{)([\s\S]*?)(\}\))/.exec(text);
  if (list === null) throw unknown('activities/index.ts', `${call},`);
  const [whole, head = '', inner = '', tail = ''] = list;
  const entries = inner
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  const lines = [...entries, call].map((each) => `  ${each},\n`).join('');
  return withImport(
    text.replace(whole, () => `${head}\n${lines}${tail}`),
    `import { create${pascal}Activities } from './${kebab}.ts';`,
  );
}

function withTrigger(text: string, { camel, kebab }: Names): string {
  const name = `${camel}Trigger`;
  const list = /(export const triggers: readonly Trigger\[\] = \[)([^\]]*)(\])/.exec(text);
  if (list === null) throw unknown('triggers/index.ts', name);
  const [whole, head = '', inner = '', tail = ''] = list;
  const entries = inner
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return withImport(
    text.replace(whole, () => `${head}${listText([...entries, name], inner.includes('\n'))}${tail}`),
    `import { ${name} } from './${kebab}.ts';`,
  );
}

const listText = (entries: readonly string[], onLines: boolean): string =>
  onLines ? `\n${entries.map((each) => `  ${each},\n`).join('')}` : entries.join(', ');

/** After the last import, or before everything but the opening comment. */
function withImport(text: string, line: string): string {
  const last = [...text.matchAll(/^(import [^;]*;|\} from [^;]*;)$/gm)].at(-1);
  if (last !== undefined) {
    const end = last.index + last[0].length;
    return `${text.slice(0, end)}\n${line}${text.slice(end)}`;
  }
  const comment = /^\/\*\*[\s\S]*?\*\/\n/.exec(text)?.[0] ?? '';
  return `${comment}${line}\n${text.slice(comment.length)}`;
}

const unknown = (file: string, entry: string): CommandError =>
  new CommandError(EXIT.refused, `the list in ${file} is written in a way not known here; add ${entry} by hand`);
