/**
 * Requests of one connection. The client's own make an error with a stack trace, a timer and a row of promises for each, answered or not,
 * which is most of what a request costs: here one inbox and one timer are for all of them.
 */
import { ErrorCode, type Msg, type MsgHdrs, type NatsConnection, NatsError, createInbox } from 'nats';
import { WaitingRequests } from './waiting-requests.ts';

export interface Requests {
  /** The bytes of the answer. Rejects with NatsError: nobody listens, no answer in time, not allowed, too large, closing. */
  ask(subject: string, data: Uint8Array, how?: HowAsked): Promise<Uint8Array>;
  /** The same of JetStream, whose answer is JSON; an answer that is an error rejects with NatsError as well. */
  askJetStream<T>(subject: string, data: Uint8Array, how?: HowAsked): Promise<T>;
}

export interface HowAsked {
  readonly headers?: MsgHdrs;
  /** Does not wait for others to leave with: one of a row of requests, each of which waits for the one before. */
  readonly atOnce?: boolean;
}

export interface RequestOptions {
  /** Bound on the answer to one request, ms. */
  readonly timeoutMs: number;
  /** What this identity may listen on; default: the client's own. */
  readonly inboxPrefix?: string | undefined;
  /** Resolves when a request that is made now is to leave. */
  readonly sameTurn: () => Promise<void>;
}

const decoder = new TextDecoder();

export function createRequests(nc: NatsConnection, { timeoutMs, inboxPrefix, sameTurn }: RequestOptions): Requests {
  const inbox = `${createInbox(inboxPrefix)}.`;
  const waiting = new WaitingRequests(timeoutMs);
  let asked = 0;
  let listens = false;

  const answered = (error: NatsError | null, message: Msg): void => {
    if (error !== null) {
      // The inbox is refused: the next request tries it again.
      listens = false;
      return waiting.endAll(error);
    }
    const { data } = message;
    // Before it is taken out: headers that cannot be read throw, and the bound ends what waits.
    const isNobody = data.length === 0 && message.headers?.code === NOBODY_LISTENS;
    const request = waiting.take(message.subject.slice(inbox.length));
    if (isNobody) request?.reject(NatsError.errorForCode(ErrorCode.NoResponders));
    else request?.resolve(data);
  };
  const send = (subject: string, data: Uint8Array, headers?: MsgHdrs): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      // Its answer could not come any more.
      if (nc.isDraining()) throw NatsError.errorForCode(ErrorCode.ConnectionDraining);
      if (!listens) nc.subscribe(`${inbox}*`, { callback: answered });
      listens = true;
      const token = (asked += 1).toString(36);
      nc.publish(subject, data, { reply: inbox + token, ...(headers === undefined ? {} : { headers }) });
      waiting.add(token, { subject, resolve, reject });
    });
  const ask: Requests['ask'] = async (subject, data, { headers, atOnce = false } = {}) => {
    if (!atOnce) await sameTurn();
    return send(subject, data, headers);
  };
  void endRefused(nc, waiting);
  void nc.closed().then(() => waiting.endAll(NatsError.errorForCode(ErrorCode.ConnectionClosed)));
  return {
    ask,
    askJetStream: async <T>(subject: string, data: Uint8Array, how?: HowAsked) => {
      const answer = JSON.parse(decoder.decode(await ask(subject, data, how))) as T & Refusal;
      if (answer.error !== undefined) throw refusal(answer.error);
      return answer;
    },
  };
}

/** The server names the subject that it does not allow, and not the request. */
async function endRefused(nc: NatsConnection, waiting: WaitingRequests): Promise<void> {
  for await (const { permissionContext: refused } of nc.status()) {
    if (refused?.operation !== 'publish') continue;
    const error = new NatsError(`publishing to ${refused.subject} is not allowed`, ErrorCode.PermissionsViolation);
    waiting.takeOf(refused.subject)?.reject(error);
  }
}

const NOBODY_LISTENS = 503;

interface Refusal {
  readonly error?: { readonly code: number; readonly err_code: number; readonly description: string };
}

function refusal(error: NonNullable<Refusal['error']>): NatsError {
  const told = new NatsError(error.description, String(error.code));
  told.api_error = error;
  return told;
}
