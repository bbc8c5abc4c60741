/**
 * What went wrong at the events log, said by what happens next. Callers decide by class, never by the client library's codes.
 */

/** The call may succeed later: the server is away, slow, or the connection is being rebuilt. */
export class LogUnavailable extends Error {
  override readonly name: string = 'LogUnavailable';
}

/**
 * A server is there and takes no connection from us: it does not know our credentials, or we do not agree on TLS. A process waits for the human
 * who mends it as for a server that is away; whoever only asks need not.
 */
export class LogDenied extends LogUnavailable {
  override readonly name = 'LogDenied';
}

/** The stream refuses new messages until old ones expire (a byte or message limit with `discard: new`). Retry later. */
export class LogFull extends Error {
  override readonly name = 'LogFull';
}

/** Compare-and-set lost: somebody else wrote the subject first. Read again, decide again. */
export class Conflict extends Error {
  override readonly name = 'Conflict';
}

/** Repeating the call does not help until a human has mended something: no such stream, permission denied. Every call like it fails. */
export class LogRefused extends Error {
  override readonly name: string = 'LogRefused';
}

/** This very message can never be taken: it is too large, or its subject or a header is none. Others are taken. */
export class MessageRefused extends LogRefused {
  override readonly name = 'MessageRefused';
}
