/**
 * CloudEvents binary mode: attributes travel as `ce-*` headers, percent-encoded, and the data as the body, over HTTP and over NATS alike.
 * Here they become the one object that structured mode sends.
 */
import { isUtf8 } from 'node:buffer';
import { parseJson } from './json.ts';

type Attributes =
  | { readonly ok: true; readonly attributes: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly message: string };

export type BinaryEvent =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string; readonly place: string; readonly message: string };

/** A structured event may repeat its attributes as headers: the content type alone tells which mode it is. */
export const isBinaryMode = (headers: Readonly<Record<string, string>>): boolean =>
  headers['ce-specversion'] !== undefined && !/^application\/cloudevents\b/i.test(headers['content-type'] ?? '');

/** Header names are lower case. */
export function binaryEvent(headers: Readonly<Record<string, string>>, body: Uint8Array): BinaryEvent {
  const read = attributesOf(headers);
  if (!read.ok) return { ok: false, reason: 'header-encoding', place: '', message: read.message };
  const declared = headers['content-type'] || headers['ce-datacontenttype'];
  const event = { ...read.attributes, ...(declared ? { datacontenttype: declared } : {}) };
  if (body.length === 0) return { ok: true, value: event };
  const type = declared || 'application/json';
  if (isJsonType(type)) {
    const parsed = parseJson(body);
    return parsed.ok
      ? { ok: true, value: { ...event, data: parsed.value } }
      : { ...parsed, message: 'the body is not acceptable JSON' };
  }
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  // Text stays text, as structured mode has it; everything else is bytes.
  if (/^text\//i.test(type) && isUtf8(body)) return { ok: true, value: { ...event, data: bytes.toString('utf8') } };
  return { ok: true, value: { ...event, data_base64: bytes.toString('base64') } };
}

/** In structured mode an attribute may be null, which means that it is not set. Data that is null is data. */
export function withoutUnset(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event;
  const isUnset = ([name, value]: [string, unknown]): boolean => value === null && name !== 'data';
  return Object.values(event).includes(null)
    ? Object.fromEntries(Object.entries(event).filter((entry) => !isUnset(entry)))
    : event;
}

function attributesOf(headers: Readonly<Record<string, string>>): Attributes {
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-')) continue;
    if (!isAttribute(name.slice(3))) return { ok: false, message: `${name} is not the name of an attribute` };
    try {
      attributes[name.slice(3)] = percentDecoded(unquoted(value));
    } catch {
      return { ok: false, message: `${name} is not percent-encoded UTF-8` };
    }
  }
  // The one attribute of ours that is not a string; a header cannot say so.
  const severity = attributes['severitynumber'];
  if (typeof severity === 'string') attributes['severitynumber'] = Number(severity);
  return { ok: true, attributes };
}

/** Once; a percent sign that begins no byte stays one. Throws when the bytes are no UTF-8. */
const percentDecoded = (value: string): string => value.replaceAll(/(?:%[0-9a-f]{2})+/gi, decodeURIComponent);

/** A value in quotes is the one between them. */
const unquoted = (value: string): string => {
  const inner = /^"(.*)"$/s.exec(value.trim())?.[1];
  return inner === undefined ? value : inner.replaceAll(/\\(.)/g, '$1');
};

/** Lower-case letters and digits; `data` is the body. The others would not survive as keys of a JSON object. */
const isAttribute = (name: string): boolean =>
  /^[a-z0-9]+$/.test(name) && !['data', 'constructor', 'prototype'].includes(name);

/** `application/json`, `application/cloudevents+json` and the like, with or without parameters. */
export const isJsonType = (contentType: string): boolean => /^[^;]*[/+]json\s*(;|$)/i.test(contentType);
