/** What never became a request (too slow, not HTTP) is answered on the bare socket, in the form of every other refusal. */
import type { Socket } from 'node:net';

const KNOWN: Readonly<Record<string, readonly [status: string, reason: string, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request-too-slow', 'the request did not come to its end in time'],
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers-too-large', 'expected smaller headers'],
};

export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  // Gone already: nobody is left to be answered.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason, message] = KNOWN[error.code ?? ''] ?? ['400 Bad Request', 'not-http', 'expected HTTP/1.1'];
  const body = JSON.stringify({ error: { reason, place: '', message } });
  const head = ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, 'connection: close'];
  socket.end(`HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
