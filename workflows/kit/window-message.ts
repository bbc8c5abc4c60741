/** What passes between a run that waits for a window, the local activity that decides, and the person who opens it by hand. Pure. */
import type { WindowUse } from './window-use.ts';

export interface WindowRequest {
  readonly use: WindowUse;
  /** Region in which is acted. */
  readonly region: string;
  /** So much of the window has to be left, its cut-off included. */
  readonly needMs: number;
  /** A run that waited begins up to so long after the opening, so that not all begin at once. */
  readonly jitterMs: number;
  /** Time of the run, ms since 1970: one clock decides, that of the server. */
  readonly at: number;
  readonly override: SignedOverride | null;
}

export type WindowDecision = {
  /** One line for people. */
  readonly why: string;
  /** Release of the zone data. */
  readonly tz: string;
} & (
  | {
      readonly kind: 'open';
      /** Ms since 1970; null: not within 400 days. */
      readonly closesAt: number | null;
      /** Who opened it by hand; null: the calendar. */
      readonly by: string | null;
    }
  | {
      readonly kind: 'wait';
      /** When to look again, ms since 1970: the next opening and the jitter. */
      readonly until: number;
    }
  /** Does not open within 400 days. */
  | { readonly kind: 'never' }
  /** Closed because something is not known. */
  | { readonly kind: 'doubt' }
);

/** What a person signs to open a window for one run. */
export interface OverridePayload {
  readonly v: 1;
  readonly workflowId: string;
  /** Run id now; a reset gives another. */
  readonly runId: string;
  /** Name of the window. */
  readonly window: string;
  /** It counts as open until then, ms since 1970. */
  readonly until: number;
  readonly person: string;
  readonly why: string;
}

export interface SignedOverride {
  /** Canonical JSON of `OverridePayload`: the very text that is signed. */
  readonly payload: string;
  /** Id in the key ring. */
  readonly key: string;
  /** Ed25519 over `signedOverrideText(payload)`, base64. */
  readonly signature: string;
}

/** Name of the signal that carries it. */
export const OVERRIDE_SIGNAL = 'windowOverride';
/** Header of an effect within a window: until when it may begin. */
export const WINDOW_HEADER = 'tocsin-window';
/** Failure type of an effect that came to its worker after that; nothing was done by this attempt. */
export const WINDOW_CLOSED = 'WindowClosed';
/** Failure type of a run that found no opening. */
export const NO_OPENING = 'NoOpening';

/** The purpose stands in front, so that a signature made for something else can never count. */
export const signedOverrideText = (payload: string): string => `tocsin window override v1\n${payload}`;

export const windowName = (use: WindowUse): string => (typeof use === 'string' ? use : use.window);
