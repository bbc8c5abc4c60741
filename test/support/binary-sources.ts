/** A package index and a vendor of our own, for what is fetched when no server binary is there. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { basename, join } from 'node:path';
import { startReceiver } from './receiver.ts';

export interface Package {
  readonly path: string;
  readonly sha256: string;
}

/** `dir` is then a place for `pip --find-links`. */
export function makeWheel(dir: string, wheel: string, version: string, binary: string): Package {
  const stem = `${wheel.replaceAll('-', '_')}-${version}`;
  const info = join(dir, `${stem}.dist-info`);
  mkdirSync(info, { recursive: true });
  mkdirSync(join(dir, 'bin'), { recursive: true });
  copyFileSync(binary, join(dir, 'bin', basename(binary)));
  writeFileSync(join(info, 'METADATA'), `Metadata-Version: 2.1\nName: ${wheel}\nVersion: ${version}\n`);
  writeFileSync(join(info, 'WHEEL'), 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n');
  writeFileSync(join(info, 'RECORD'), '');
  const path = join(dir, `${stem}-py3-none-any.whl`);
  made('python3', ['-m', 'zipfile', '-c', path, 'bin', `${stem}.dist-info`], dir);
  return { path, sha256: sha256Of(path) };
}

export function makeArchive(dir: string, name: string, binary: string): Package {
  mkdirSync(join(dir, 'server'), { recursive: true });
  copyFileSync(binary, join(dir, 'server', basename(binary)));
  const path = join(dir, name);
  made('tar', ['-czf', path, 'server'], dir);
  return { path, sha256: sha256Of(path) };
}

function made(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

const sha256Of = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

export interface Vendor {
  readonly origin: string;
  close(): Promise<void>;
}

/** What is not in `answers` is not found. */
export async function startVendor(
  answers: Readonly<Record<string, (response: ServerResponse) => void>>,
): Promise<Vendor> {
  const receiver = await startReceiver();
  receiver.answer = (response, { path }) => {
    const answer = answers[path];
    if (answer === undefined) response.writeHead(404).end();
    else answer(response);
  };
  return { origin: receiver.url.origin, close: receiver.close };
}
