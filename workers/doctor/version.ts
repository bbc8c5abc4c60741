/** Versions like 2.10.23, compared by their numbers. */

/** True when it is older; a text without numbers is not judged. */
export function isOlder(version: string, than: string): boolean {
  const [found, wanted] = [numbers(version), numbers(than)];
  if (found.length === 0) return false;
  for (const [index, least] of wanted.entries()) {
    const part = found[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

const numbers = (version: string): number[] =>
  (/\d+(\.\d+)*/.exec(version)?.[0] ?? '').split('.').filter(Boolean).map(Number);
