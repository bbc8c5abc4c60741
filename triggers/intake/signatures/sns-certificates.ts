/**
 * Certificates with which Amazon SNS signs, fetched from the address that a message names: only from Amazon's own host over https. The
 * connection to that host is what proves the file; it holds one certificate without its chain.
 */
import { X509Certificate } from 'node:crypto';
import { isAmazonSns } from '../../sources/sns-confirmation.ts';
import { CannotTell } from '../cannot-tell.ts';

/** PEM behind the address; null when no such address or file can be Amazon's. Rejects with CannotTell when it cannot be had now. */
export type SnsCertificates = (url: string) => Promise<string | null>;

export interface SnsCertificatesOptions {
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  readonly now?: () => number;
}

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 65_536;
const MAX_AGE_MS = 24 * 3_600_000;
/** Amazon uses one or two per region at a time. */
const MAX_KEPT = 50;
/** Anybody may name an address: fetches within a minute, whatever comes of them. */
const MAX_FETCHES = 20;
const MINUTE_MS = 60_000;

export function createSnsCertificates({
  fetch = globalThis.fetch,
  now = Date.now,
}: SnsCertificatesOptions = {}): SnsCertificates {
  const kept = new Map<string, { readonly at: number; readonly pem: Promise<string | null> }>();
  let begun: readonly number[] = [];
  return (url) => {
    if (!isCertificateAddress(url)) return Promise.resolve(null);
    const found = kept.get(url);
    if (found !== undefined && now() - found.at < MAX_AGE_MS) return found.pem;
    begun = begun.filter((at) => now() - at < MINUTE_MS);
    if (begun.length >= MAX_FETCHES)
      return Promise.reject(
        new CannotTell(`${MAX_FETCHES} certificates were fetched within a minute; ${url} must wait`),
      );
    begun = [...begun, now()];
    const pem = load(fetch, url);
    kept.delete(url);
    kept.set(url, { at: now(), pem });
    // What is no certificate now, or could not be had, is asked for again by the next message, within the bound above.
    pem.then(
      (text) => text === null && kept.delete(url),
      () => kept.delete(url),
    );
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return pem;
  };
}

/** Answers of this kind that say nothing of the file: too slow, too many. */
const COME_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/** One file of the service: no query that would make every address a new one. */
const isCertificateAddress = (url: string): boolean =>
  url.length <= 300 && isAmazonSns(url) && /^\/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem$/.test(pathOf(url));

const pathOf = (url: string): string => url.slice(url.indexOf('/', 'https://'.length));

async function load(fetch: NonNullable<SnsCertificatesOptions['fetch']>, url: string): Promise<string | null> {
  let text: string;
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status >= 400 && response.status < 500 && !COME_AGAIN.has(response.status)) {
      await response.body?.cancel();
      return null;
    }
    if (!response.ok) throw new Error(`answered ${response.status}`);
    text = await bounded(response);
  } catch (error) {
    throw new CannotTell(`the certificate at ${url} cannot be fetched`, { cause: error });
  }
  return isOfSns(text) ? text : null;
}

async function bounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error(`is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Issued to the service, whatever else Amazon may keep at that host. */
function isOfSns(pem: string): boolean {
  try {
    const { subject, subjectAltName = '' } = new X509Certificate(pem);
    return (
      /(^|\n)CN=sns(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?($|\n)/.test(subject) ||
      /DNS:sns\.[a-z0-9.-]*amazonaws\.com/.test(subjectAltName)
    );
  } catch {
    // Not a certificate.
    return false;
  }
}
