/**
 * Requests on their way, oldest first. Each ends once: by its answer, by a refusal, or by the bound, for which one timer is enough because all
 * wait equally long.
 */
import { ErrorCode, NatsError } from 'nats';

export interface Waiting {
  readonly subject: string;
  readonly resolve: (data: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

export class WaitingRequests {
  readonly #boundMs: number;
  readonly #waiting = new Map<string, Waiting & { readonly until: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  add(token: string, waiting: Waiting): void {
    this.#waiting.set(token, { ...waiting, until: performance.now() + this.#boundMs });
    this.#arm(this.#boundMs);
  }

  /** Undefined: it was waited for no longer. */
  take(token: string): Waiting | undefined {
    const taken = this.#waiting.get(token);
    this.#waiting.delete(token);
    return taken;
  }

  /** The oldest one of this subject. */
  takeOf(subject: string): Waiting | undefined {
    const [token] = [...this.#waiting].find(([, waiting]) => waiting.subject === subject) ?? [];
    return token === undefined ? undefined : this.take(token);
  }

  endAll(error: Error): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  /** Keeps no process alive: that is the connection's. */
  #arm(ms: number): void {
    this.#timer ??= setTimeout(() => this.#expire(), ms).unref();
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [token, { until, reject }] of this.#waiting) {
      if (until > now) return this.#arm(until - now);
      this.#waiting.delete(token);
      reject(NatsError.errorForCode(ErrorCode.Timeout));
    }
  }
}
