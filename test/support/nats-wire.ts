/** NATS by its protocol, without a client that means well: sends what it is told and hears what the server thinks of it. */
import { type Socket, connect } from 'node:net';

export interface Wire {
  /** True when the server let the line through. */
  publish(subject: string, body?: string, reply?: string): Promise<boolean>;
  /** With these lines as its headers, whatever they are. */
  publishWith(headers: readonly string[], subject: string, body: string): Promise<boolean>;
  subscribe(subject: string): Promise<boolean>;
  close(): void;
}

/** Bound on one answer of a server on loopback. */
const ANSWER_MS = 5_000;

export async function openWire(url: string, user: string, pass: string): Promise<Wire> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setEncoding('utf8');
  let subscriptions = 0;
  const allowed = async (lines: string): Promise<boolean> => {
    const heard = untilPong(socket);
    socket.write(`${lines}PING\r\n`);
    return !(await heard).includes('Permissions Violation');
  };
  const options = { user, pass, verbose: false, pedantic: false, headers: true, lang: 'wire', version: '1' };
  await allowed(`CONNECT ${JSON.stringify(options)}\r\n`);
  return {
    publish: (subject, body = '', reply = '_INBOX.wire') =>
      allowed(`PUB ${subject} ${reply} ${Buffer.byteLength(body)}\r\n${body}\r\n`),
    publishWith: (lines, subject, body) => {
      const head = `${['NATS/1.0', ...lines].join('\r\n')}\r\n\r\n`;
      const size = Buffer.byteLength(head);
      return allowed(`HPUB ${subject} ${size} ${size + Buffer.byteLength(body)}\r\n${head}${body}\r\n`);
    },
    subscribe: (subject) => allowed(`SUB ${subject} ${(subscriptions += 1)}\r\n`),
    close: () => socket.destroy(),
  };
}

function untilPong(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const timer = setTimeout(() => done(new Error(`no answer; heard ${JSON.stringify(heard)}`)), ANSWER_MS);
    const hear = (text: string): void => {
      heard += text;
      if (heard.includes('PONG\r\n')) done();
      else if (/Authorization Violation/.test(heard)) done(new Error(heard));
    };
    const done = (error?: Error): void => {
      clearTimeout(timer);
      socket.off('data', hear);
      socket.off('error', done);
      if (error === undefined) resolve(heard);
      else reject(error);
    };
    socket.on('data', hear);
    socket.once('error', done);
  });
}
