/** `npm run bench -- NAME [--json]`: exit code 1 when a target is missed. With --json, stdout is one array of rows. */
import { parseArgs } from 'node:util';
import { provideBuiltProgram } from '../support/built-program.ts';
import { intake } from './intake.ts';
import { path } from './path.ts';
import { redButton } from './red-button.ts';
import { runbooks } from './runbooks.ts';
import type { Row } from './statistics.ts';
import { time } from './time.ts';
import { trust } from './trust.ts';

const BENCHES: Readonly<Record<string, (report: (line: string) => void) => Promise<Row[]>>> = {
  intake,
  path,
  'red-button': redButton,
  runbooks,
  time,
  trust,
};

/** Takes hours: only when it is named. */
const BY_NAME: ReadonlySet<string> = new Set(['red-button']);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const names = positionals.length === 0 ? Object.keys(BENCHES).filter((name) => !BY_NAME.has(name)) : positionals;
provideBuiltProgram();
const rows: Row[] = [];
for (const name of names) {
  const bench = BENCHES[name];
  if (bench === undefined) {
    console.error(`no bench ${name}; expected one of ${Object.keys(BENCHES).join(', ')}`);
    process.exit(2);
  }
  rows.push(...(await bench((line) => console.error(line))));
}
if (values.json) console.log(JSON.stringify(rows, null, 1));
else
  for (const { name, value, unit, target, ok, spread } of rows)
    console.log(
      `${ok === false ? 'MISSED' : ok === true ? 'ok    ' : '      '} ${name.padEnd(34)} ${value} ${unit} (${spread.join(' to ')})${target === null ? '' : `  target ${target}`}`,
    );
process.exit(rows.some(({ ok }) => ok === false) ? 1 : 0);
