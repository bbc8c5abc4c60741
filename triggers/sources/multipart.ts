/** One text field of a `multipart/form-data` body. Files and nested parts are passed over. */

/** RFC 2046 allows 70 characters after the two dashes. */
const MAX_DELIMITER = 72;
const MAX_PARTS = 20;
const LINE = '\r\n';

/** Null when the bytes are no such body, or have no field of this name. The delimiter is the first line. */
export function multipartField(raw: Uint8Array, name: string): Uint8Array | null {
  // Latin 1 keeps every byte as it is.
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  const end = text.slice(0, MAX_DELIMITER + LINE.length).indexOf(LINE);
  if (!text.startsWith('--') || end < 0) return null;
  for (const part of text.split(text.slice(0, end), MAX_PARTS + 1)) {
    const blank = part.indexOf(LINE + LINE);
    if (blank < 0 || !part.slice(0, blank).includes(`; name="${name}"`)) continue;
    return Buffer.from(part.slice(blank + 2 * LINE.length).replace(/\r\n$/, ''), 'latin1');
  }
  return null;
}
