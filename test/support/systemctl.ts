/**
 * Stands for systemd where none can run: a `systemctl` on the PATH of a test's sshd, with the output and the exit codes of the real one for
 * `show`, `restart`, `start` and `stop`. As with the real one a job is taken at once and as a whole, and goes on when its client is killed;
 * the client only waits for it.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface UnitRecord {
  readonly active: string;
  readonly invocation: string;
  /** Jobs in their order, each with the key of the step that caused it. */
  readonly jobs: readonly { readonly verb: string; readonly from: string; readonly key: string }[];
}

export interface TestUnits {
  /** `active` or, as after a crash, `failed`. */
  set(unit: string, active: string): void;
  read(unit: string): UnitRecord;
  /** While it is there, clients wait for their jobs. */
  readonly hold: string;
  /** Written when a job has been taken. */
  readonly begun: string;
}

export function installSystemctl(bin: string, dir: string): TestUnits {
  mkdirSync(dir, { recursive: true });
  const file = (unit: string): string => join(dir, `${unit}.json`);
  const [hold, begun] = [join(dir, 'hold'), join(dir, 'begun')];
  const program = join(bin, 'systemctl');
  writeFileSync(program, `#!${process.execPath}\n(${systemctl.toString()})(${JSON.stringify(dir)});\n`);
  chmodSync(program, 0o755);
  return {
    set: (unit, active) => {
      const invocation = active === 'active' ? `${unit}-0` : '';
      writeFileSync(`${file(unit)}.next`, JSON.stringify({ active, invocation, jobs: [] } satisfies UnitRecord));
      renameSync(`${file(unit)}.next`, file(unit));
      rmSync(begun, { force: true });
    },
    read: (unit) => JSON.parse(readFileSync(file(unit), 'utf8')) as UnitRecord,
    hold,
    begun,
  };
}

/** Runs as a program of its own: nothing from outside but its argument. */
function systemctl(dir: string): void {
  const fs = process.getBuiltinModule('node:fs');
  const [verb = '', ...rest] = process.argv.slice(2);
  const [unit = ''] = rest.slice(-1);
  const file = `${dir}/${unit}.json`;
  const there = fs.existsSync(file);
  const record = there
    ? (JSON.parse(fs.readFileSync(file, 'utf8')) as UnitRecord)
    : { active: 'inactive', invocation: '', jobs: [] };
  if (verb === 'show') {
    const values: Readonly<Record<string, string>> = {
      LoadState: there ? 'loaded' : 'not-found',
      ActiveState: record.active,
      InvocationID: record.invocation,
    };
    const asked = rest.filter((_word, index) => rest[index - 1] === '-p');
    for (const name of asked) console.log(rest.includes('--value') ? values[name] : `${name}=${values[name]}`);
  } else if (!there) {
    console.error(`Failed to ${verb} ${unit}: Unit ${unit} not found.`);
    process.exitCode = 5;
  } else {
    const jobs = [...record.jobs, { verb, from: record.invocation, key: process.env['TOCSIN_KEY'] ?? '' }];
    const stopped = verb === 'stop';
    const invocation = stopped ? '' : `${unit}-${jobs.length}`;
    fs.writeFileSync(`${file}.next`, JSON.stringify({ active: stopped ? 'inactive' : 'active', invocation, jobs }));
    fs.renameSync(`${file}.next`, file);
    fs.writeFileSync(`${dir}/begun`, unit);
    const wait = setInterval(() => {
      if (!fs.existsSync(`${dir}/hold`)) clearInterval(wait);
    }, 20);
  }
}

/** For a test that lets clients wait. */
export const holding = (units: TestUnits): { release(): void } => {
  writeFileSync(units.hold, '');
  return { release: () => existsSync(units.hold) && rmSync(units.hold) };
};
