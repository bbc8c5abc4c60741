/** An SMTP server of one test, on loopback: real sockets and real TLS, with answers that the test can change. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket, createSecureContext } from 'node:tls';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Without the dots that the protocol adds. */
  readonly data: string;
  readonly encrypted: boolean;
  readonly user: string | null;
}

export interface SmtpServerOptions {
  /** Offers STARTTLS with it. */
  readonly certificate?: Certificate;
  /** TLS from the first byte. */
  readonly implicit?: boolean;
  readonly auth?: 'PLAIN' | 'LOGIN';
  readonly password?: string;
  /** Another answer than the usual one; null says nothing at all. */
  readonly answer?: (line: string) => string | null | undefined;
}

export interface TestSmtpServer {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** Every line as it came, bodies included. */
  readonly lines: readonly string[];
  openConnections(): number;
  close(): Promise<void>;
}

export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<TestSmtpServer> {
  const mails: ReceivedMail[] = [];
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    serve(options.implicit === true ? encrypted(socket, options) : socket, options, mails, lines);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    lines,
    openConnections: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** For `localhost`, signed by itself; null where openssl is not installed. */
export function makeCertificate(): Certificate | null {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-cert-'));
  try {
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
    const names = ['-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert];
    const { status } = spawnSync('openssl', [...args, ...names], { stdio: 'ignore' });
    return status === 0 ? { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } : null;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function encrypted(socket: Socket, { certificate }: SmtpServerOptions): Socket {
  const secureContext = createSecureContext({ key: certificate?.key, cert: certificate?.cert });
  return new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => undefined);
}

function serve(first: Socket, options: SmtpServerOptions, mails: ReceivedMail[], lines: string[]): void {
  let socket = first;
  let pending = '';
  let mail = { from: '', to: [] as string[], user: null as string | null };
  let body: string[] | null = null;
  let login: string[] | null = null;

  const say = (text: string): void => void socket.write(`${text}\r\n`);
  const offers = (): string[] => [
    ...(options.certificate !== undefined && !(socket instanceof TLSSocket) ? ['STARTTLS'] : []),
    ...(options.auth === undefined ? [] : [`AUTH ${options.auth}`]),
  ];
  const judge = (user: string, password: string): string => {
    mail = { ...mail, user };
    return password === options.password ? '235 welcome' : '535 wrong password';
  };
  const usual = (line: string): string => {
    if (login !== null) {
      login.push(Buffer.from(line, 'base64').toString('utf8'));
      if (login.length === 1) return '334 UGFzc3dvcmQ6';
      const [user = '', password = ''] = login;
      login = null;
      return judge(user, password);
    }
    const [verb = ''] = line.toUpperCase().split(/[ :]/);
    if (verb === 'EHLO')
      return ['mail.test', ...offers()]
        .map((offer, index, all) => `250${index === all.length - 1 ? ' ' : '-'}${offer}`)
        .join('\r\n');
    if (verb === 'AUTH' && options.auth === 'LOGIN') {
      login = [];
      return '334 VXNlcm5hbWU6';
    }
    if (verb === 'AUTH') {
      const [, user = '', password = ''] = Buffer.from(line.split(' ')[2] ?? '', 'base64')
        .toString('utf8')
        .split('\0');
      return judge(user, password);
    }
    if (verb === 'MAIL') mail = { ...mail, from: addressOf(line), to: [] };
    if (verb === 'RCPT') mail.to.push(addressOf(line));
    if (verb === 'DATA') {
      body = [];
      return '354 go on';
    }
    if (verb === 'QUIT') return '221 bye';
    return verb === 'STARTTLS' ? '220 go on' : '250 ok';
  };
  const take = (line: string): void => {
    lines.push(line);
    if (body !== null && line !== '.') return void body.push(line.startsWith('.') ? line.slice(1) : line);
    const ended = body;
    body = null;
    const changed = options.answer?.(line);
    if (changed === null) return;
    const answer = changed ?? (ended === null ? usual(line) : '250 stored');
    if (ended !== null && answer.startsWith('2'))
      mails.push({ ...mail, data: ended.join('\r\n'), encrypted: socket instanceof TLSSocket });
    say(answer);
    if (line === 'STARTTLS' && answer.startsWith('220') && !answer.includes('\r\n')) {
      socket.removeAllListeners('data');
      socket = encrypted(socket, options);
      socket.on('data', read);
    }
  };
  const read = (chunk: Buffer): void => {
    pending += chunk.toString('utf8');
    const complete = pending.split('\r\n');
    pending = complete.pop() ?? '';
    for (const line of complete) take(line);
  };
  socket.on('data', read);
  const greeting = options.answer?.('');
  if (greeting !== null) say(greeting ?? '220 mail.test');
}

const addressOf = (line: string): string => /<(.*)>/.exec(line)?.[1] ?? '';
