/** The command lines of the documentation, and what the command line would say against them. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';

export interface DocCommand {
  /** `docs/limits.md:12`. */
  readonly place: string;
  /** What follows the name of the program. */
  readonly words: readonly string[];
}

const START = /(?:^|[;&|] )(?:[A-Z_]+=\S+ )*(?:npm run tocsin -- |npx tocsin |tocsin )(?=[a-z-])/;

/** What answers are signed under: no command, though it begins like one. */
const SIGNED = 'tocsin approval v1';

/** Every line of a shell block, and every inline code, that begins a command of ours. */
export const docCommands = (root: string): readonly DocCommand[] =>
  docPages(root).flatMap((page) => commandsOf(readFileSync(join(root, page), 'utf8'), page));

/** Relative to the root. */
export const docPages = (root: string): readonly string[] => [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

function commandsOf(text: string, page: string): DocCommand[] {
  let fence: string | null = null;
  return text.split('\n').flatMap((line, index) => {
    const place = `${page}:${index + 1}`;
    const [, language] = /^\s*```(\w*)/.exec(line) ?? [];
    if (language !== undefined) {
      fence = fence === null ? language : null;
      return [];
    }
    if (fence === 'sh') return found(line, place);
    if (fence !== null) return [];
    return [...line.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) =>
      code.startsWith('tocsin ') && code !== SIGNED ? found(code, place) : [],
    );
  });
}

function found(line: string, place: string): DocCommand[] {
  const start = START.exec(line);
  if (start === null) return [];
  const words = wordsOf(line.slice(start.index + start[0].length));
  return [{ place, words }];
}

/** As a shell reads them, up to a comment or the next command; brackets around what may be left out are dropped, `<two words>` is one. */
function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of text
    .replaceAll(/\[(-[^\]]*)\]/g, '$1')
    .matchAll(/(?:<[^<>]+>|'[^']*'|"[^"]*"|\\.|[^\s'"\\])+/g)) {
    if (/^(#|&&|\|\|?|;|>|<|&)/.test(word) && !/^<[^<>]+>/.test(word)) break;
    words.push(word.replaceAll(/['"]/g, '').replace(/;$/, ''));
  }
  return words;
}

/** Null when it parses. */
export function commandProblem(program: Command, words: readonly string[]): string | null {
  let command = program;
  const positional: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (word.startsWith('-') && word !== '-') {
      const name = word.replace(/=.*/, '');
      const option = [...command.options, ...program.options].find((each) => each.short === name || each.long === name);
      if (name === '--help') continue;
      if (option === undefined) return `${command.name()} has no option ${name}`;
      if (option.required && !word.includes('=')) index += 1;
      continue;
    }
    const sub = positional.length === 0 ? command.commands.find((each) => each.name() === word) : undefined;
    if (sub !== undefined) command = sub;
    else positional.push(word);
  }
  const { registeredArguments: all } = command;
  if (positional.length > all.length && all.at(-1)?.variadic !== true)
    return `${command.name()} takes no ${positional[all.length] ?? ''}`;
  return null;
}
