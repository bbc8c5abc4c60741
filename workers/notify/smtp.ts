/**
 * A minimal SMTP client (RFC 5321, 3207, 4954): one mail over one connection, one command at a time. TLS is required unless configuration
 * says `none`, and a password never travels without it except on loopback. No line that could smuggle in another command is ever sent.
 */
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { Refused } from './channel.ts';
import { oneLine } from './plain.ts';
import { type Reply, readReply } from './smtp-reply.ts';

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly security: 'starttls' | 'tls' | 'none';
  readonly login: { readonly user: string; readonly password: string } | null;
  /** PEM of the authority that signed the server's certificate; that of Node when null. */
  readonly ca: string | null;
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, any line ends. */
  readonly data: string;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** Resolves with the recipients that the server refused, when it took the mail for others. Rejects as a channel does. */
export async function sendMail(server: SmtpServer, mail: Mail, signal: AbortSignal): Promise<readonly string[]> {
  const { host, port, security, login } = server;
  const tls: ConnectionOptions = { host, port, servername: host, ...(server.ca === null ? {} : { ca: server.ca }) };
  signal.throwIfAborted();
  let socket: Socket = security === 'tls' ? connectTls(tls) : connect({ host, port });
  const onAbort = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('error', noop);

  const expect = async (what: string, kind: Kind): Promise<Reply> => {
    const reply = await readReply(socket, signal);
    if (Math.floor(reply.code / 100) === kind) return reply;
    const message = `${host} answered ${reply.code} to ${what}: ${oneLine(reply.lines.join(' '), 200)}`;
    throw reply.code >= 500 ? new Refused(message) : new Error(message);
  };
  /** `shown`: how errors name it, for a command that holds a secret. */
  const command = (line: string, kind: Kind, shown = line): Promise<Reply> => {
    if (/[\r\n\0]/.test(line)) throw new Refused(`${JSON.stringify(shown)} is more than one line of SMTP`);
    socket.write(`${line}\r\n`);
    return expect(shown, kind);
  };
  const hello = async (): Promise<readonly string[]> =>
    (await command('EHLO [127.0.0.1]', DONE)).lines.map((line) => line.toUpperCase());

  try {
    await expect('the connection', DONE);
    let offers = await hello();
    if (security === 'starttls') {
      if (!offers.includes('STARTTLS')) throw new Refused(`${host} does not offer STARTTLS, which security requires`);
      await command('STARTTLS', DONE);
      socket = connectTls({ ...tls, socket });
      socket.on('error', noop);
      await once(socket, 'secureConnect', { signal });
      offers = await hello();
    }
    if (login !== null) {
      if (security === 'none' && !LOOPBACK.test(host)) throw new Refused(`a password for ${host} needs TLS`);
      await authenticate(login, offers, command);
    }
    await command(`MAIL FROM:<${mail.from}>`, DONE);
    const refused = await recipients(mail.to, command);
    await command('DATA', GO_ON);
    socket.write(`${stuffed(mail.data)}\r\n.\r\n`);
    await expect('the mail', DONE);
    // The mail is taken; how the connection ends changes nothing.
    await command('QUIT', DONE).catch(noop);
    return refused;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** First digit of the reply that is expected. */
type Kind = 2 | 3;
const DONE = 2;
const GO_ON = 3;

type Command = (line: string, kind: Kind, shown?: string) => Promise<Reply>;

async function authenticate(
  { user, password }: NonNullable<SmtpServer['login']>,
  offers: readonly string[],
  command: Command,
): Promise<void> {
  const methods = offers.find((offer) => /^AUTH[ =]/.test(offer))?.split(/[ =]/) ?? [];
  if (methods.includes('PLAIN')) {
    await command(`AUTH PLAIN ${base64(`\0${user}\0${password}`)}`, DONE, 'AUTH PLAIN');
  } else if (methods.includes('LOGIN')) {
    await command('AUTH LOGIN', GO_ON);
    await command(base64(user), GO_ON, 'the user of AUTH LOGIN');
    await command(base64(password), DONE, 'the password of AUTH LOGIN');
  } else {
    throw new Refused(`the server offers ${methods.join(' ') || 'no AUTH'}; expected AUTH PLAIN or LOGIN`);
  }
}

/** Resolves with those that were refused; rejects when nobody is left. */
async function recipients(to: readonly string[], command: Command): Promise<readonly string[]> {
  const refused: string[] = [];
  for (const address of to) {
    try {
      await command(`RCPT TO:<${address}>`, DONE);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused.push(address);
      if (refused.length === to.length) throw error;
    }
  }
  return refused;
}

/** Line ends as SMTP has them, and no line that could end the mail early. */
const stuffed = (data: string): string =>
  data
    .replaceAll(/\r\n|\r|\n/g, '\n')
    .replaceAll(/(^|\n)\./g, '$1..')
    .replaceAll('\n', '\r\n');

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const noop = (): void => undefined;
