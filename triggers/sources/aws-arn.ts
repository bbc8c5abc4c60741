/** Amazon resource names, `arn:partition:service:region:account:resource`: what they say about the place. Parts that are no more than placeholders are left out. */
import { located } from './read.ts';

export interface Arn {
  readonly partition: string;
  readonly service: string;
  /** Code such as `eu-west-1`; null where the name has none. */
  readonly region: string | null;
  readonly account: string | null;
  readonly resource: string;
}

/** Null when it is no such name. */
export function arnOf(value: unknown): Arn | null {
  const match = typeof value === 'string' ? /^arn:([\w-]+):([\w.-]+):([^:]*):([^:]*):(.+)$/s.exec(value.trim()) : null;
  if (match === null) return null;
  const [, partition = '', service = '', region = '', account = '', resource = ''] = match;
  return { partition, service, region: regionCode(region), account: /^\d+$/.test(account) ? account : null, resource };
}

/** Display names ("EU (Ireland)") are no codes. */
export const regionCode = (value: unknown): string | null =>
  typeof value === 'string' && /^[a-z]{2,}(?:-[a-z]+)+-\d+$/.test(value.trim()) ? value.trim() : null;

/** `from`: dotted path of the name in the payload. */
export function placeOfArn(value: unknown, from: string) {
  const arn = arnOf(value);
  return {
    cloud: arn === null ? null : { value: 'aws', from },
    account: located(arn?.account, from),
    region: located(arn?.region, from),
  };
}

/** A JSON Pointer as the dotted path that locations name. */
export const dotted = (place: string): string => place.slice(1).replaceAll('/', '.');
