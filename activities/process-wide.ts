/**
 * What is there once in a process, however many copies of this package are loaded: a project may have installed another beside the one that
 * runs, and then an activity would neither count as a look nor know its run.
 */

/** `name` and the shape of what is made are the same in all versions that know it. */
export function processWide<T>(name: string, make: () => T): T {
  const key = Symbol.for(`tocsin.${name}`);
  const shared = globalThis as { [each: symbol]: T | undefined };
  return (shared[key] ??= make());
}
