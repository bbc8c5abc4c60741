/**
 * What the worker knows of the step that runs, for the step to ask. One for all copies of this package in a process: a project may have
 * installed another beside the one that runs, and a step must not think itself outside a run because of that.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** `name` is the same in all versions that know it, and so is the shape of what is kept. */
export function stepStorage<T>(name: string): AsyncLocalStorage<T> {
  const key = Symbol.for(`tocsin.step.${name}`);
  const shared = globalThis as { [each: symbol]: AsyncLocalStorage<T> | undefined };
  return (shared[key] ??= new AsyncLocalStorage<T>());
}
