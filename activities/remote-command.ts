/**
 * Turns an argument vector into the one string that sshd hands to the login shell of the target. The only place that quotes for a shell.
 * The command runs under `timeout` in a process group of its own, and the group ends when the connection does: a watcher waits for the end of
 * standard input. Relies on a POSIX login shell, and on `timeout` of coreutils.
 */
import { permanent } from './permanent.ts';

export interface RemoteCommand {
  /** Program and arguments; the target's program gets them byte for byte. */
  readonly argv: readonly string[];
  /** Hard bound on the target, then SIGTERM to the group, and SIGKILL 2 s later. */
  readonly timeoutMs: number;
  /** Seen by the command as `TOCSIN_KEY` and `TOCSIN_FENCE`. */
  readonly key?: string;
  readonly fence?: string;
}

/** After this the target sends SIGKILL to what SIGTERM did not end. */
export const KILL_AFTER_S = 2;
/** A killed process is gone a moment later; so long, in hundredths of a second, the end of the group is waited for before the answer. */
const LOOKS = 100;
/** What the operating system takes as one argument of a shell is 128 KiB. */
const MAX_BYTES = 100_000;

/** Exit code 255 is ssh's own; a command that ends with it is reported as 254. */
const SCRIPT = `
limit=$1; export TOCSIN_KEY="$2" TOCSIN_FENCE="$3"; shift 3
exec 3<&0
timeout -k ${KILL_AFTER_S} "$limit" "$@" </dev/null 3<&- &
command=$!
{ cat <&3 >/dev/null 2>&1; kill -TERM "$command"; } >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$command"; code=$?
exec 2>/dev/null
kill -TERM "$watcher"
kill -KILL "-$command" && {
  looks=0
  while [ "$looks" -lt ${LOOKS} ] && kill -0 "-$command"; do looks=$((looks + 1)); sleep 0.01; done
}
[ "$code" -ne 255 ] || code=254
exit "$code"
`.trim();

/** Rejects (`CommandRefused`, final) what cannot arrive as it is: no program, a NUL byte, a lone surrogate, too long. */
export function remoteCommand({ argv, timeoutMs, key = '', fence = '' }: RemoteCommand): string {
  if (argv[0] === undefined || argv[0] === '')
    throw permanent('CommandRefused', 'argv is empty, expected a program and its arguments');
  const given = [String(Math.max(timeoutMs, 1) / 1_000), key, fence, ...argv];
  const text = ['exec', 'sh', '-c', ...[SCRIPT, 'tocsin', ...given].map(quoted)].join(' ');
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES)
    throw permanent('CommandRefused', `the command is ${bytes} bytes long, expected at most ${MAX_BYTES}`);
  return text;
}

/** Nothing is special between single quotes but the quote itself. */
function quoted(text: string): string {
  if (text.includes('\0')) throw permanent('CommandRefused', `argument ${JSON.stringify(text)} holds a NUL byte`);
  if (!text.isWellFormed())
    throw permanent('CommandRefused', `argument ${JSON.stringify(text)} holds half a character, expected whole ones`);
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
