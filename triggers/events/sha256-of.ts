/** SHA-256 as it stands in ids, keys and records. */
import { hash } from 'node:crypto';

/** In hex digits; of a text its bytes in UTF-8. */
export const sha256Of = (data: string | Uint8Array): string => hash('sha256', data);
