/**
 * HTTP to addresses that configuration allows. The address that is really connected to is checked, after name resolution, so that
 * neither a rebinding name nor an odd spelling of an address leads anywhere else. Redirects are answers, never followed.
 */
import { lookup as resolve } from 'node:dns';
import { type IncomingMessage, request as httpRequest, validateHeaderName, validateHeaderValue } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, type LookupFunction, isIP } from 'node:net';
import { permanent } from './permanent.ts';

export interface HttpAllow {
  /** `https://api.example.com`, or with a port. */
  readonly origin: string;
  /** Allow an address of this machine or of a private network behind that origin. Default false. */
  readonly private?: boolean;
}

export interface HttpOptions {
  readonly allow: readonly HttpAllow[];
  /** Whole exchange; default 10 s. */
  readonly timeoutMs?: number;
  /** Kept of the answer; default 256 KiB. */
  readonly maxBodyBytes?: number;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  /**
   * Segments after the path of `url`, as text: each stays one segment, whatever an event has put into it. `.` and `..` are refused, which no
   * server could tell from a way up.
   */
  readonly path?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Cut at the bound. */
  readonly body: string;
}

export interface Http {
  /** Any status is an answer. Rejects permanently (`HttpRefused`) for what configuration does not allow, retryably for the network. */
  request(request: HttpRequest): Promise<HttpResponse>;
}

const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 262_144;

export function createHttp(options: HttpOptions): Http {
  const allowed = new Map(options.allow.map((entry) => [new URL(entry.origin).origin, entry]));
  return {
    request: async (request) => {
      const url = withPath(parse(request.url), request.path ?? []);
      const entry = allowed.get(url.origin);
      if (entry === undefined) {
        throw permanent(
          'HttpRefused',
          `${url.origin} is not allowed by http.allow; it has: ${[...allowed.keys()].join(', ') || 'nothing'}`,
        );
      }
      return exchange(url, request, entry.private === true, options);
    },
  };
}

function parse(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    CONTROL.test(text) ||
    LEADS_ELSEWHERE.test(text)
  ) {
    throw permanent('HttpRefused', `${JSON.stringify(withoutSecrets(text))} is not a plain http or https address`);
  }
  return url;
}

/** Names, passwords and queries carry secrets, and this goes into histories, logs and notices. Also of what cannot be read as an address. */
function withoutSecrets(text: string): string {
  const place = text.replace(/[?#].*$/s, '');
  const scheme = /^\s*[a-z][a-z\d+.-]*:[/\\]*/i.exec(place)?.[0] ?? '';
  // In a bad address the question mark may be one of the password.
  if (!URL.canParse(text) && text.slice(place.length).includes('@')) return scheme;
  return place.includes('@') ? `${scheme}${place.slice(place.lastIndexOf('@') + 1)}` : place;
}

/** Characters that the reader of addresses drops without a word. */
const CONTROL = /\p{Cc}/u;
/** Before the query: a way up, or what is read as one. Whoever joined the address from parts did not mean it. */
const LEADS_ELSEWHERE = /^[^?#]*(\\|\/(\.|%2e){1,2}([/?#]|$))/i;

function withPath(url: URL, path: readonly string[]): URL {
  const bad = path.find((segment) => /^\.{0,2}$/.test(segment));
  if (bad !== undefined)
    throw permanent(
      'HttpRefused',
      `${JSON.stringify(bad)} is no segment of a path; expected a text other than "." and ".."`,
    );
  // What is half a character is none: the server gets U+FFFD in its place.
  const segments = path.map((segment) => encodeURIComponent(segment.toWellFormed()));
  if (segments.length > 0) url.pathname = [url.pathname.replace(/\/$/, ''), ...segments].join('/');
  return url;
}

function exchange(url: URL, request: HttpRequest, allowPrivate: boolean, options: HttpOptions): Promise<HttpResponse> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is not looked up, so it is checked here.
  if (isIP(host) !== 0 && !allowPrivate && isPrivate(host)) throw refusedAddress(url, host);
  const bad = Object.entries(request.headers ?? {}).find(([name, value]) => !isHeader(name, value));
  if (bad !== undefined) throw permanent('HttpRefused', badHeader(...bad));
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolvePromise, reject) => {
    const outgoing = send(url, {
      method: request.method,
      headers: { ...request.headers },
      lookup: allowPrivate ? undefined : publicOnly(url),
      agent: false,
      signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      collect(incoming, options.maxBodyBytes ?? MAX_BODY_BYTES).then(resolvePromise, reject);
    });
    outgoing.end(request.body);
  });
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** Without the value, which may be a token; nor is what stands behind a bad character of a name always one. */
function badHeader(name: string, value: unknown): string {
  const inName = /[^\w!#$%&'*+.^`|~-]/.exec(name);
  const shown = JSON.stringify(name.slice(0, inName?.index));
  if (inName !== null || name === '') return `${shown} cannot be a header: its name has ${kindOf(inName)}`;
  const inValue = typeof value === 'string' ? /[^\t\x20-\x7e\x80-\xff]/.exec(value) : null;
  return `${shown} cannot be a header: its value has ${kindOf(inValue)}`;
}

function kindOf(found: RegExpExecArray | null): string {
  if (found === null) return 'no text';
  const [text] = found;
  const kind = /[\r\n]/.test(text) ? 'line break' : CONTROL.test(text) ? 'control character' : 'forbidden character';
  return `a ${kind} at position ${found.index + 1}`;
}

async function collect(incoming: IncomingMessage, limit: number): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, limit - size));
    size += chunk.length;
    if (size >= limit) break;
  }
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const);
  return {
    status: incoming.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

const publicOnly =
  (url: URL): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const bad = addresses.find(({ address }) => isPrivate(address));
      if (bad !== undefined) return callback(refusedAddress(url, bad.address), []);
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };

const refusedAddress = (url: URL, address: string): Error =>
  permanent(
    'HttpRefused',
    `${url.origin} leads to ${address}, an address of this machine or a private network; allow it with private: true`,
  );

const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['fec0::', 10],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
  ['2002::', 16],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6');

/** IPv4 addresses mapped into IPv6 count as what they are. */
export function isPrivate(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return PRIVATE.check(mapped, 'ipv4');
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
