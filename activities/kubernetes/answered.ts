/**
 * What a Kubernetes API server answers, in terms of what happens next: a value, or a refusal whose error says whether it is tried again.
 * Nothing of a request or of the credentials gets into the text.
 */
import { permanent } from '../permanent.ts';
import { activitySignal } from './activity-signal.ts';

export type Asked<T> = { readonly kind: 'ok'; readonly value: T } | Refused;

export interface Refused {
  readonly kind: 'refused';
  /** HTTP status. */
  readonly status: number;
  /** What the server says. */
  readonly message: string;
  readonly reason: string;
  readonly causes: readonly { readonly reason: string; readonly message: string }[];
  /** To be thrown by whoever has no other answer. */
  readonly error: Error;
}

const MAX_TEXT = 500;

/** Rejects for the network only, so that Temporal tries again; and when the activity is cancelled. */
export async function answered<T>(what: string, request: () => Promise<T>): Promise<Asked<T>> {
  try {
    return { kind: 'ok', value: await request() };
  } catch (error) {
    activitySignal()?.throwIfAborted();
    const status = statusOf(error);
    if (status === null)
      throw new Error(`cannot ${what}, which is tried again: ${networkText(error)}`, { cause: error });
    return refused(what, status, bodyOf(error));
  }
}

/** Only the time-out of a request ends it before its activity. */
function networkText(error: unknown): string {
  if (error instanceof Error && error.name === 'AbortError') return 'no answer within the time-out of the cluster';
  return String(error).slice(0, MAX_TEXT);
}

function refused(what: string, status: number, body: Body): Refused {
  const { message, reason, causes } = body;
  const said = [reason, message.slice(0, MAX_TEXT)].filter((part) => part !== '').join(': ');
  const answer = `the API server answered ${status}${said === '' ? '' : ` ${said}`}`;
  return { kind: 'refused', status, message, reason, causes, error: errorOf(status, `cannot ${what}`, answer) };
}

/** 401 may be a token that was just rotated; 409 and 429 are about this moment; anything from 500 on is the server's own matter. */
function errorOf(status: number, cannot: string, answer: string): Error {
  const text = `${cannot}: ${answer}`;
  switch (status) {
    case 401:
      return new Error(
        `${cannot}: the credentials of the kubeconfig are refused; it is read anew and it is tried again: ${answer}`,
      );
    case 403:
      // What to do comes first: the rest is long, and may be cut off.
      return permanent(
        'KubernetesForbidden',
        `${cannot}: the role of Tocsin has to allow it (docs/kubernetes.md): ${answer}`,
      );
    case 404:
      return permanent('KubernetesNotFound', `${text}; it is not tried again`);
    case 409:
      return new Error(`${text}; somebody else changed it, so it is looked at again`);
    case 408:
    case 429:
      return new Error(`${text}; it is tried again`);
    default:
      return status >= 500 ? new Error(`${text}; it is tried again`) : permanent('KubernetesRefused', text);
  }
}

interface Body {
  readonly message: string;
  readonly reason: string;
  readonly causes: Refused['causes'];
}

/** The client throws an error with `code`, and as `body` the text or the object that the server sent. */
function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') return null;
  return error.code;
}

function bodyOf(error: unknown): Body {
  const raw = error instanceof Error && 'body' in error ? error.body : undefined;
  const body = asObject(raw);
  const details = asObject(body['details']);
  const causes = Array.isArray(details['causes']) ? details['causes'].map(asObject) : [];
  return {
    message: textOf(body['message']) || (typeof raw === 'string' ? raw : ''),
    reason: textOf(body['reason']),
    causes: causes.map((cause) => ({ reason: textOf(cause['reason']), message: textOf(cause['message']) })),
  };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'string') {
    try {
      return asObject(JSON.parse(value));
    } catch {
      // A proxy in between answers in words of its own.
      return {};
    }
  }
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
