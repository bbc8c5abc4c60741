/** One connection to the intake, one request at a time: as little as HTTP needs, so that the sender takes no processor from what is measured. */
import { once } from 'node:events';
import { connect } from 'node:net';

export interface Connection {
  /** Rejects unless the answer is 202. */
  post(body: string): Promise<void>;
  close(): void;
}

export async function openConnection(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  let received = '';
  let settle: ((error?: Error) => void) | undefined;
  const end = (error?: Error): void => {
    received = '';
    settle?.(error);
    settle = undefined;
  };
  socket.on('error', end);
  socket.on('close', () => end(new Error('the intake closed the connection')));
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    const head = received.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? Number.NaN);
    if (head < 0 || received.length < head + 4 + length) return;
    end(
      received.startsWith('HTTP/1.1 202')
        ? undefined
        : new Error(`the intake answered ${received.slice(0, 300)}; expected 202`),
    );
  });
  return {
    post: (body) =>
      new Promise((resolve, reject) => {
        settle = (error) => (error === undefined ? resolve() : reject(error));
        const head = `POST /in/am HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
        socket.write(head + body);
      }),
    close: () => socket.destroy(),
  };
}
