import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { createProgram } from '../../workers/command-line/program.ts';
import { commandProblem, docCommands, docPages } from '../support/doc-commands.ts';

const { program } = createProgram();

describe('commands of the documentation', () => {
  it('exist, with the options they are given', () => {
    const all = docCommands(join(import.meta.dirname, '../..'));
    assert.ok(all.length > 100, String(all.length));
    const problems = all.flatMap(({ place, words }) => {
      const problem = commandProblem(program, words);
      return problem === null ? [] : [`${place}: tocsin ${words.join(' ')}: ${problem}`];
    });
    assert.deepEqual(problems, []);
  });

  it('stand beside links that lead to files', () => {
    const root = join(import.meta.dirname, '../..');
    const lost = docPages(root).flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)[^)]*\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !existsSync(join(root, dirname(page), link)))
        .map((link) => `${page}: ${link}`),
    );
    assert.deepEqual(lost, []);
  });

  it('are told apart from what does not exist', () => {
    for (const [line, problem] of [
      ['runs show x --markdown', null],
      ['--json runs list --since 1h', null],
      ['runs shwo x', 'runs takes no shwo'],
      ['runs show x --markup', 'show has no option --markup'],
      ['lst', 'tocsin takes no lst'],
    ] as const)
      assert.equal(commandProblem(program, line.split(' ')), problem);
  });
});
