/**
 * The contract of a source: turn one authenticated request of one kind of sender into 0..n events. Pure: no I/O, no clock.
 */
import type { CloudEvent } from '../events/cloud-event.ts';
import type { LocalTimes } from '../events/local-time.ts';
import type { Steps } from '../events/steps.ts';

export interface SourceRequest {
  /** Name of the configured sender (`/in/<name>`); part of alert keys, so that two senders never share one by accident. */
  readonly sender: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Media type in lower case, without parameters. */
  readonly contentType: string | null;
  /** Parsed JSON; null for an empty body and for bytes that are not JSON. */
  readonly body: unknown;
  readonly raw: Uint8Array;
  readonly rawSha256: string;
  /** RFC 3339, UTC. */
  readonly receivedAt: string;
  /** The same by the clock that is further, while two clocks differ; absent: `receivedAt`. Only what lies ahead of both is of the future. */
  readonly latest?: string;
  /** Present while clocks differ so much that one of them is wrong: the time by the one that is behind. */
  readonly earliest?: string;
  /** Zones by name, and the sender's own. Absent: only an offset says when. */
  readonly times?: LocalTimes;
}

/** What lies far ahead of it is of the future. */
export const latestOf = ({ latest, receivedAt }: SourceRequest): string => latest ?? receivedAt;

/** Why an item (or the request) cannot become an event. `reason` is stable and machine-readable, `place` a JSON Pointer. */
export interface Rejection {
  readonly index: number | null;
  readonly reason: string;
  readonly place: string;
  readonly message: string;
}

/** Every item of the request, in order, is one event or one rejection: so the events' own indexes are known. */
export interface SourceResult {
  readonly events: readonly CloudEvent[];
  readonly rejected: readonly Rejection[];
  /** Set when the request is about the delivery itself and starts nothing. */
  readonly control?: Control;
}

export interface Control {
  readonly kind: 'ping' | 'test' | 'subscription';
  /** What the sender expects to be answered. */
  readonly answer: { readonly status: number; readonly body: unknown };
  /** Subscription: the address that confirms it, once the request is known to be genuine. */
  readonly confirmUrl?: string;
}

export interface Source {
  readonly kind: string;
  /** Methods of its requests beside POST. With GET among them, the variables of a request without body stand in its address, as a form. */
  readonly methods?: readonly ('GET' | 'PUT')[];
  /** How a body of this media type is read: parsed as JSON, left as bytes (`body` is null), or refused with 415. */
  bodyOf(contentType: string | null, headers: Readonly<Record<string, string>>): 'json' | 'bytes' | 'refused';
  /** True only when the content itself says that it is of this kind; for `tocsin detect`, where no address says it. Never throws. */
  recognises(request: SourceRequest): boolean;
  /** Reads JSON lines: bytes that are refused as one JSON text may be good ones, line by line. */
  readonly readsLines?: boolean;
  /** Never throws: whatever the body holds becomes events or rejections. */
  toEvents(request: SourceRequest): SourceResult;
  /** The same in steps, where one request may hold thousands of items. */
  readonly steps?: (request: SourceRequest) => Steps<SourceResult>;
  /**
   * JSON Pointer of the array whose items are read each for itself and refused when they are null; null when this body has none. Then what
   * is wrong inside one item (a key twice) spoils only that item.
   */
  readonly itemsAt?: (body: unknown) => string | null;
}
