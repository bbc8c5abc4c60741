/** Small readers of untyped JSON for sources: each says what is there, and never throws. */
import type { AlertResult } from '../events/alert-event.ts';
import type { CloudEvent } from '../events/cloud-event.ts';
import { type Steps, atOnce } from '../events/steps.ts';
import type { Rejection, Source, SourceResult } from './source.ts';

/** Items of one request that are read; more than any sender's group holds. */
export const MAX_ITEMS = 10_000;

/** Each item becomes an event or a rejection of its own; those beyond the bound share one. */
export function* itemSteps(
  items: readonly unknown[],
  read: (item: unknown, index: number) => AlertResult,
): Steps<SourceResult> {
  const events: CloudEvent[] = [];
  const rejected: Rejection[] = [];
  for (const [index, item] of items.slice(0, MAX_ITEMS).entries()) {
    const result = read(item, index);
    if (result.ok) events.push(result.event);
    else rejected.push({ index, ...result.rejection });
    yield;
  }
  if (items.length > MAX_ITEMS) {
    const message = `more than ${MAX_ITEMS} items were sent, only the first ${MAX_ITEMS} are read`;
    rejected.push({ index: MAX_ITEMS, reason: 'too-many-events', place: '', message });
  }
  return { events, rejected };
}

/** As `itemSteps`, for the few items of a sender that sends few. */
export const readItems = (
  items: readonly unknown[],
  read: (item: unknown, index: number) => AlertResult,
): SourceResult => atOnce(itemSteps(items, read));

/** Both ways of a source to read, from one. */
export const inSteps = (steps: NonNullable<Source['steps']>): Pick<Source, 'steps' | 'toEvents'> => ({
  steps,
  toEvents: (request) => atOnce(steps(request)),
});

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A non-empty string, else null. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** A non-negative integer that a double holds exactly, else null. */
export const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;

/** Labels, tags and details of one alert that are read; more is no description of a thing any more. */
export const MAX_LABELS = 1_000;

/** The first of these labels that is there, with its name. */
export function firstLabel(
  labels: Readonly<Record<string, string>>,
  names: readonly string[],
  prefix = 'labels.',
): { readonly value: string; readonly from: string } | null {
  for (const name of names) {
    const value = textOf(Object.hasOwn(labels, name) ? labels[name] : undefined);
    if (value !== null) return { value, from: `${prefix}${name}` };
  }
  return null;
}

/** A non-empty text, or a number as text, else null: for ids that some versions of a sender write as numbers (0 is an id too). */
export const idOf = (value: unknown): string | null =>
  typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : textOf(value);

/** The texts, numbers and truth values of an object, as labels; what is null or nested, and what lies beyond the bound, is left out. */
export function scalarsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value)) return {};
  const keys = Object.keys(value);
  if (keys.length <= MAX_LABELS && isTexts(value, keys)) return value;
  const pairs: [string, string][] = [];
  for (const key of keys.slice(0, MAX_LABELS)) {
    const inner = value[key];
    if (SCALARS.has(typeof inner)) pairs.push([key, String(inner)]);
  }
  return Object.fromEntries(pairs);
}

const isTexts = (value: Json, keys: readonly string[]): value is Readonly<Record<string, string>> =>
  keys.every((key) => typeof value[key] === 'string');

const SCALARS: ReadonlySet<string> = new Set(['string', 'number', 'boolean']);

/** A text with the dotted path it was read from, for a location. */
export function located(value: unknown, from: string): { readonly value: string; readonly from: string } | null {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? null : { value: text, from };
}

/** A text with the JSON Pointer it was read from, for a time. */
export function textAt(value: unknown, place: string): { readonly text: string; readonly place: string } | null {
  const text = textOf(value);
  return text === null ? null : { text, place };
}

/** A time that a sender writes as a number, converted by `read`; what is no such number is passed on as it is, and refused with its place. */
export function epochAt(
  value: unknown,
  place: string,
  read: (value: unknown) => string | null,
): { readonly text: string; readonly place: string } | null {
  if (value === undefined || value === null || value === '') return null;
  return { text: read(value) ?? (typeof value === 'string' ? value : JSON.stringify(value)), place };
}
