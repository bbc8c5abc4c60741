/**
 * The events log as the rest of Tocsin sees it: streams, what is stored in them, and who reads them. It hides the client library and its version; nothing
 * outside this folder imports it. Every promise rejects with one of the classes of errors.ts and settles within its bound.
 */
import type { StreamSpec } from './topology.ts';

/** Header names are lower case on reading; values are single strings. */
export type Headers = Readonly<Record<string, string>>;

export interface PublishOptions {
  /** `Nats-Msg-Id`: a shortcut that drops a copy sent again within the stream's duplicate window. Never the guard. */
  readonly msgId?: string;
  readonly headers?: Headers;
  /** Refuse (LogRefused) when the subject is bound to another stream. */
  readonly expectStream?: string;
  /** Compare-and-set: store only if the last message on this subject has this sequence (0: none). Else Conflict. */
  readonly expectLastSequence?: number;
}

export interface PubAck {
  readonly stream: string;
  readonly sequence: number;
  readonly duplicate: boolean;
}

export interface StoredMessage {
  readonly stream: string;
  readonly subject: string;
  readonly sequence: number;
  /** When the stream stored it, milliseconds since 1970 by the server's clock. */
  readonly storedAt: number;
  readonly headers: Headers;
  readonly data: Uint8Array;
}

/** One delivery to this process. Exactly one of ack and nak ends it; without any it comes back after `ack_wait`. */
export interface Delivery extends StoredMessage {
  /** 1 on the first delivery. */
  readonly deliveryCount: number;
  /** Resolves once the server has confirmed the acknowledgement. */
  ack(): Promise<void>;
  /** Give back; the server delivers it again after `delayMs`. */
  nak(delayMs: number): void;
  /** Ask for more time: restarts `ack_wait`. */
  working(): void;
}

export interface ConsumeOptions {
  readonly stream: string;
  readonly consumer: string;
  /** Deliveries handed out and not yet ended, at most. */
  readonly maxInFlight: number;
  /** Why it does not pull right now: called once for each stretch of it, and again every minute while it lasts. */
  readonly onTrouble?: (error: Error) => void;
}

export interface Consumption {
  /** True while pull requests are answered by the server (message or heartbeat) within their bound. */
  pulling(): boolean;
  /** Stop pulling, give back what was not begun, wait for handlers in flight up to `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
}

export interface ReadOptions {
  readonly stream: string;
  /** Subject filter, wildcards allowed. */
  readonly filter?: string;
  /** Only messages stored at or after this instant (ms since 1970). */
  readonly since?: number;
}

export interface FollowOptions extends ReadOptions {
  /** Ends the iteration. */
  readonly signal: AbortSignal;
}

export interface ConsumerState {
  /** Stored for this consumer and not delivered yet. */
  readonly pending: number;
  /** Delivered and not acknowledged. */
  readonly ackPending: number;
  readonly redelivered: number;
  /** Every message up to this stream sequence is settled for this consumer. */
  readonly ackFloor: number;
  /** Pull requests that wait for a message; 0: nobody pulls now. */
  readonly pulls: number;
}

export interface StreamState {
  readonly messages: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** When this stream was made, ms since 1970 by the server's clock; a stream deleted and made anew is another one. */
  readonly createdAt: number;
}

export interface ServerState {
  /** Of the server this connection leads to. */
  readonly version: string;
  /** The server's clock less ours, ms; null when the server does not tell its time. Half a round trip is its doubt. */
  readonly clockAheadMs: number | null;
  readonly roundTripMs: number;
}

export interface EventLog {
  publish(subject: string, data: Uint8Array, options?: PublishOptions): Promise<PubAck>;
  consume(options: ConsumeOptions, handle: (delivery: Delivery) => Promise<void>): Promise<Consumption>;
  /** The last message on one exact subject, read from the stream's leader (never a stale replica); null when there is none. */
  last(stream: string, subject: string): Promise<StoredMessage | null>;
  /** One message by its sequence; null when it has expired or was removed. */
  get(stream: string, sequence: number): Promise<StoredMessage | null>;
  /** The first message of the filter at or after this sequence; null when there is none. */
  next(stream: string, filter: string, sequence: number): Promise<StoredMessage | null>;
  /** What is stored now, oldest first; ends at the sequence that was the last when the call was made. */
  read(options: ReadOptions): AsyncIterable<StoredMessage>;
  /** What is stored from now on (with `since`: from then on), until the signal; goes on by itself after the server was away. */
  follow(options: FollowOptions): AsyncIterable<StoredMessage>;
  /** Take one message out of a stream that allows it. */
  remove(stream: string, sequence: number): Promise<void>;
  consumerState(stream: string, consumer: string): Promise<ConsumerState>;
  streamState(stream: string): Promise<StreamState>;
  /** What differs between the specification and the server, one line each; empty when equal. With `apply`, creates and updates. */
  ensureTopology(specs: readonly StreamSpec[], apply: boolean): Promise<readonly string[]>;
  /** Which server answers, and what its clock says. Needs the right to look at this stream. */
  serverState(stream: string): Promise<ServerState>;
  /** Round trip to the server; rejects with LogUnavailable. */
  ping(): Promise<void>;
  /** Resolves when the connection is gone for good (closed, or refused for its credentials) and nothing will rebuild it. */
  closed(): Promise<void>;
  close(): Promise<void>;
}
