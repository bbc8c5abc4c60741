/** Where a provider gets its answer from: a file, a command or an HTTP server. Each bounds its time and its bytes. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { runCommand } from '../command.ts';
import type { Http } from '../http.ts';

export interface InventorySource {
  readonly kind: 'file' | 'command' | 'http';
  readonly format: 'json' | 'yaml';
  /** Where it reads, without secrets: a kept answer of another place is not used. */
  readonly place: string;
  /** Rejects with what is wrong, for a human; every rejection may be tried again. */
  read(signal: AbortSignal): Promise<string>;
}

/** Bytes of one answer. 100,000 targets with a few labels are 10 to 30 MB of JSON, which is read within about a second. */
export const MAX_ANSWER_BYTES = 33_554_432;
/** YAML takes some twenty times as long to read, and nothing else goes on meanwhile: 20,000 targets with a few labels are about 2 MB. */
export const MAX_YAML_BYTES = 8_388_608;
/** Kept of what a failed command printed. */
const MAX_DETAIL_CHARS = 300;

/** YAML when the name ends so, else JSON, which reads large files many times faster. */
export function fileSource(path: string): InventorySource {
  const format = /^\.ya?ml$/.test(extname(path)) ? 'yaml' : 'json';
  const maxBytes = format === 'yaml' ? MAX_YAML_BYTES : MAX_ANSWER_BYTES;
  return { kind: 'file', format, place: path, read: () => readBounded(path, maxBytes) };
}

/** JSON on stdout, exit code 0. The command gets PATH and HOME, nothing else of our environment. */
export const commandSource = (argv: readonly string[], timeoutMs: number): InventorySource => ({
  kind: 'command',
  format: 'json',
  place: argv.join(' '),
  read: async (signal) => {
    const result = await runCommand({ argv, timeoutMs, maxOutputBytes: MAX_ANSWER_BYTES }, { signal });
    if (result.timedOut) throw new Error(`did not end within ${timeoutMs} ms`);
    if (result.exitCode !== 0)
      throw new Error(`exited with ${result.exitCode}, expected 0: ${result.stderr.slice(-MAX_DETAIL_CHARS)}`);
    return bounded(result.stdout);
  },
});

/** JSON with status 200. `bearer` is asked before each request, so that a rotated secret is taken up. */
export const httpSource = (url: string, http: Http, bearer?: () => string): InventorySource => ({
  kind: 'http',
  format: 'json',
  place: url,
  read: async () => {
    const headers = { accept: 'application/json', ...(bearer && { authorization: `Bearer ${bearer()}` }) };
    const { status, body } = await http.request({ method: 'GET', url, headers });
    if (status !== 200) throw new Error(`answered ${status}, expected 200`);
    return bounded(body);
  },
});

/** Text of a regular file; anything else (a pipe, a device) could be endless. */
export async function readBounded(path: string, maxBytes: number): Promise<string> {
  // Opening a pipe would wait for its writer; O_NONBLOCK does not.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error(`${path} is no regular file`);
    if (stat.size > maxBytes) throw new Error(`has ${stat.size} bytes, expected at most ${maxBytes}`);
    const buffer = Buffer.alloc(stat.size);
    const { bytesRead } = await file.read(buffer, 0, stat.size, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}

/** What was cut at the bound is never read as if it were whole. */
function bounded(text: string): string {
  if (Buffer.byteLength(text) > MAX_ANSWER_BYTES) throw new Error(`has more than ${MAX_ANSWER_BYTES} bytes`);
  return text;
}
