/** The list of runbooks, read from the text of its front door: workflow code runs only inside Temporal's sandbox, never here. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, resolve } from 'node:path';
import { project } from './project.ts';

export interface ListedRunbook {
  readonly name: string;
  readonly file: string;
  /** Front door and line, from 1. */
  readonly place: string;
}

const WRITTEN = /export const (\w+)\s*=\s*runbook\b/g;

/** Those that the list hands on, then those that are written in it; each in its order, and a name that is there twice is in it twice. */
export function listedRunbooks(frontDoor: string = project.workflows): readonly ListedRunbook[] {
  const text = withoutComments(readFileSync(frontDoor, 'utf8'));
  const placeOf = (index: number): string => `${frontDoor}:${lineAt(text, index)}`;
  const handedOn = [...text.matchAll(/export\s*\{([^}]*)\}\s*from\s*['"]([^'"]+)['"]/g)].flatMap(
    ({ 1: names = '', 2: from = '', index }) =>
      names
        .split(',')
        .map((name) => name.trim().replace(/^.*\sas\s+/, ''))
        .filter((name) => name !== '' && !name.startsWith('type '))
        .map((name) => ({ name, file: fileOf(from, frontDoor), place: placeOf(index) })),
  );
  const written = [...text.matchAll(WRITTEN)].map(({ 1: name = '', index }) => ({
    name,
    file: frontDoor,
    place: placeOf(index),
  }));
  return [...handedOn, ...written];
}

/** The file a runbook is written in: a list that hands on another list, such as that of this package, is followed once. */
export function sourceOf({ name, file }: ListedRunbook): string {
  if (!existsSync(file)) return file;
  return listedRunbooks(file).find((each) => each.name === name)?.file ?? file;
}

export const runbookNames = (): readonly string[] => listedRunbooks().map(({ name }) => name);

/** What is wrong with the list: a name that is there twice, a runbook beside the front door that it does not name. */
export function listProblems(frontDoor: string = project.workflows): string[] {
  const listed = listedRunbooks(frontDoor);
  const twice = listed
    .filter(({ name }, index) => listed.findIndex((each) => each.name === name) !== index)
    .map(({ name, place }) => `${place}: runbook ${name} is there twice; give one of them another name`);
  return [...twice, ...unlisted(frontDoor, new Set(listed.map(({ name }) => name)))];
}

function unlisted(frontDoor: string, listed: ReadonlySet<string>): string[] {
  const folder = dirname(frontDoor);
  const files = readdirSync(folder).filter((name) => extname(name) === extname(frontDoor) && !name.endsWith('.d.ts'));
  return files.toSorted().flatMap((name) => {
    const text = withoutComments(readFileSync(join(folder, name), 'utf8'));
    return [...text.matchAll(WRITTEN)]
      .filter(({ 1: found = '' }) => !listed.has(found))
      .map(
        ({ 1: found = '', index }) =>
          `${join(folder, name)}:${lineAt(text, index)}: runbook ${found} is not in ${frontDoor}; ` +
          `add the line: export { ${found} } from './${name}';`,
      );
  });
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;

/** A package is resolved from where the list stands; one that is not there stays a name, for the bundler to complain about. */
const fileOf = (from: string, frontDoor: string): string =>
  from.startsWith('.') ? resolve(dirname(frontDoor), from) : resolvedPackage(from, frontDoor);

function resolvedPackage(name: string, frontDoor: string): string {
  try {
    return createRequire(frontDoor).resolve(name);
  } catch {
    return name;
  }
}

/** Lines keep their numbers. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ''));
