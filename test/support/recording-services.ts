/**
 * Services that keep their own record of what was done to them, one line for each change and none for what changed nothing. Each command holds
 * a lock while it compares and acts, then says that it has begun, and stays as long as a test wants to look.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandTreatment, ServiceTarget } from '../../activities/service-treatment.ts';

export interface Change {
  readonly service: string;
  readonly verb: string;
  /** Of the step that caused it. */
  readonly key: string;
}

export interface RecordingServices {
  readonly targets: readonly ServiceTarget<CommandTreatment>[];
  /** Written by a command as soon as it has acted. */
  readonly begun: string;
  /** While it is there, commands stay. */
  readonly hold: string;
  /** Oldest first. */
  changes(): readonly Change[];
  /** As they were at first, without a record. */
  reset(): void;
}

/** `SERVICE VERB [INVOCATION]`; 9: there is no such service. */
const CONTROL = `
cd "$(dirname "$0")/$1" || exit 9
exec 9>lock; flock 9
state() { [ "$(cat "$1")" != "$2" ] && echo "$2" >"$1"; }
case "$2" in
  status) printf '{"invocation":"%s"}' "$(cat invocation)"; exit 0 ;;
  restart) [ "$(cat invocation)" = "$3" ] || exit 3; echo "$1-$(( \${3##*-} + 1 ))" >invocation ;;
  patch) state version new || exit 0 ;;
  take-out) state rotation out || exit 0 ;;
  put-back) state rotation in || exit 0 ;;
esac
echo "$1 $2 $TOCSIN_KEY" >>../record
exec 9>&-
: >../begun
while [ -e ../hold ]; do sleep 0.05; done
`.trim();

/** `healthOf`: address that answers 2xx while the service is well. */
export function recordingServices(
  dir: string,
  names: readonly string[],
  healthOf: (name: string) => string,
): RecordingServices {
  const record = join(dir, 'record');
  const control = join(dir, 'control');
  writeFileSync(control, CONTROL);
  const command = (name: string, ...verb: string[]): string[] => ['/bin/sh', control, name, ...verb];
  const reset = (): void => {
    for (const name of names) {
      mkdirSync(join(dir, name), { recursive: true });
      for (const [file, text] of [
        ['invocation', `${name}-1`],
        ['version', 'old'],
        ['rotation', 'in'],
      ] as const)
        writeFileSync(join(dir, name, file), `${text}\n`);
    }
    writeFileSync(record, '');
    for (const file of ['begun', 'hold']) rmSync(join(dir, file), { force: true });
  };
  reset();
  return {
    targets: names.map((name) => ({
      name,
      region: 'eu',
      labels: { patch: 'night' },
      health: healthOf(name),
      status: command(name, 'status'),
      restart: command(name, 'restart', '{invocation}'),
      patch: command(name, 'patch'),
      takeOut: command(name, 'take-out'),
      putBack: command(name, 'put-back'),
    })),
    begun: join(dir, 'begun'),
    hold: join(dir, 'hold'),
    changes: () =>
      readFileSync(record, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => {
          const [service = '', verb = '', key = ''] = line.split(' ');
          return { service, verb, key };
        }),
    reset,
  };
}
