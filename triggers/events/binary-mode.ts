/** CloudEvents binary mode: attributes travel as `ce-*` headers, percent-encoded, over HTTP and over NATS alike. */

export type Attributes =
  | { readonly ok: true; readonly attributes: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly message: string };

export const isBinaryMode = (headers: Readonly<Record<string, string>>): boolean =>
  headers['ce-specversion'] !== undefined;

/** Header names are lower case. */
export function attributesOf(headers: Readonly<Record<string, string>>): Attributes {
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith('ce-')) continue;
    if (!isAttribute(name.slice(3))) return { ok: false, message: `${name} is not the name of an attribute` };
    try {
      attributes[name.slice(3)] = decodeURIComponent(value.replace(/^"(.*)"$/, '$1'));
    } catch {
      return { ok: false, message: `${name} is not percent-encoded UTF-8` };
    }
  }
  // The one attribute of ours that is not a string; a header cannot say so.
  const severity = attributes['severitynumber'];
  if (typeof severity === 'string') attributes['severitynumber'] = Number(severity);
  return { ok: true, attributes };
}

/** Lower-case letters and digits; `data` is the body. The others would not survive as keys of a JSON object. */
const isAttribute = (name: string): boolean =>
  /^[a-z0-9]+$/.test(name) && !['data', 'constructor', 'prototype'].includes(name);

/** `application/json`, `application/cloudevents+json` and the like, with or without parameters. */
export const isJsonType = (contentType: string): boolean => /^[^;]*[/+]json\s*(;|$)/i.test(contentType);
