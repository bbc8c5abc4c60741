/** Reads SMTP replies from a socket, bounded, one at a time. */
import { once } from 'node:events';
import type { Socket } from 'node:net';

export interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
}

const MAX_REPLY = 16_384;

/** Reads as much as one reply; more would be an answer to nothing, which before TLS is an attack. */
export async function readReply(socket: Socket, signal: AbortSignal): Promise<Reply> {
  let text = '';
  while (!/^\d{3}(?: .*)?\r?\n/m.test(text)) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) text += chunk.toString('utf8');
    else if (socket.destroyed || socket.readableEnded) throw new Error('the SMTP server closed the connection');
    else await readable(socket, signal);
    if (text.length > MAX_REPLY) throw new Error(`an SMTP reply is longer than ${MAX_REPLY} characters`);
  }
  const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
  const last = lines.findIndex((line) => /^\d{3}(?: |$)/.test(line));
  if (last !== lines.length - 1) throw new Error('the SMTP server says more than it was asked');
  return { code: Number(lines[last]?.slice(0, 3)), lines: lines.map((line) => line.slice(4)) };
}

async function readable(socket: Socket, signal: AbortSignal): Promise<void> {
  const settled = new AbortController();
  const either = { signal: AbortSignal.any([signal, settled.signal]) };
  try {
    await Promise.race(['readable', 'end', 'close'].map((event) => once(socket, event, either)));
  } finally {
    settled.abort();
  }
}
