import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createProgram } from '../../workers/command-line/program.ts';
import { commandProblem, docCommands } from '../support/doc-commands.ts';

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
