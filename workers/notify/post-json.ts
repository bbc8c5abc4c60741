/** One POST of JSON, and what its answer means for the next attempt. Addresses may be secrets: errors name the host, never the path. */
import { Later, Refused } from './channel.ts';
import { oneLine } from './plain.ts';

export interface PostJson {
  readonly url: URL;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of an answer, for the log. */
const MAX_SHOWN = 200;

/** Resolves on 2xx. Rejects as a channel does; redirects are refused, for they lead where nobody configured. */
export async function postJson({ url, body, headers }: PostJson, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/json', 'user-agent': 'tocsin', ...headers },
    body,
    signal,
  }).catch((error: unknown) => {
    throw new Error(`${url.host} cannot be reached: ${reasonOf(error, signal)}`);
  });
  if (response.ok) return response.body?.cancel();
  const said = oneLine(await beginning(response), MAX_SHOWN);
  const message = `${url.host} answered ${response.status}${said === '' ? '' : `: ${said}`}`;
  const afterMs = retryAfterMs(response.headers.get('retry-after'));
  if (afterMs !== null && (response.status === 429 || response.status === 503)) throw new Later(message, afterMs);
  if (response.status === 408 || response.status === 429 || response.status >= 500) throw new Error(message);
  throw new Refused(message);
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return signal.reason instanceof Error ? signal.reason.message : 'aborted';
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? 'unknown reason';
}

async function beginning(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.length >= MAX_SHOWN) break;
    }
  } catch {
    // The status says enough.
  }
  return text;
}

/** Seconds or a date, as HTTP has both; null when it says neither. */
function retryAfterMs(text: string | null): number | null {
  if (text === null) return null;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
