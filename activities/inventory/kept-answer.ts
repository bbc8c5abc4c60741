/** The last good answer of a provider on disk, so that a restart while the provider is away finds what was known, and how old it is. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MAX_ANSWER_BYTES, readBounded } from './source.ts';

export interface KeptAnswer {
  /** Where it was read. */
  readonly place: string;
  /** Milliseconds since 1970. */
  readonly readAt: number;
  readonly text: string;
}

/** Escaping can make six characters of one. */
const MAX_KEPT_BYTES = MAX_ANSWER_BYTES * 6 + 4_096;

/** Null when there is none, or none that can be read: the provider is asked anyway. */
export async function loadKept(file: string, place: string): Promise<KeptAnswer | null> {
  try {
    const kept = JSON.parse(await readBounded(file, MAX_KEPT_BYTES)) as Partial<KeptAnswer> | null;
    if (kept?.place !== place || typeof kept.readAt !== 'number' || typeof kept.text !== 'string') return null;
    return { place, readAt: kept.readAt, text: kept.text };
  } catch {
    return null;
  }
}

/** By rename, so that a reader never sees half of it. Rejects when the disk does not take it. */
export async function saveKept(file: string, answer: KeptAnswer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const next = `${file}.${randomUUID()}`;
  try {
    await writeFile(next, JSON.stringify(answer), { mode: 0o600 });
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true }).catch(() => undefined);
    throw error;
  }
}
