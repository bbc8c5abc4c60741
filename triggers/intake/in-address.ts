/** Variables that a sender puts into the address of its request are what it would have sent as a form. */
import { FORM } from '../sources/form.ts';
import type { Source } from '../sources/source.ts';
import type { SignedRequest } from './auth.ts';

/** `url`: path and query as they were asked for. */
export function withAddress({ methods }: Source, request: SignedRequest, url: string): SignedRequest {
  const query = /\?&*(.+)$/.exec(url)?.[1];
  if (methods?.includes('GET') !== true || request.raw.length > 0 || query === undefined) return request;
  return { ...request, raw: Buffer.from(query), headers: { ...request.headers, 'content-type': FORM } };
}
