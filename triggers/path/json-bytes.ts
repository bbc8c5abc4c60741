/** The codec of our own records in the log: JSON as UTF-8. Outside data never comes this way; see events/json.ts for that. */
const decoder = new TextDecoder('utf-8', { fatal: true });

export const encodeJson = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
export const decodeJson = <T>(data: Uint8Array): T => JSON.parse(decoder.decode(data)) as T;
