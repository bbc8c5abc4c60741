/**
 * Who this process is for NATS, from configuration and environment. It hides the names that operators know from the `nats` tool
 * (NATS_CREDS, NATS_USER, ...), which win over the file. Secrets are read when a connection is made, and again for each reconnection.
 */
import type { Identity, LogAccess, LogTls } from '../triggers/nats/log-access.ts';
import { type Config, readSecret } from './config.ts';
import { CommandError, EXIT } from './exit-code.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the subjects of answers begin with. `all`: one process in every role. */
export type NatsRole = 'ingest' | 'trigger' | 'worker' | 'command' | 'all';

export const inboxOf = (role: NatsRole): string => (role === 'all' ? '_INBOX' : `_INBOX_tocsin_${role}`);

/** Rejects with what contradicts itself, and with secrets that are missing now rather than at the first reconnection. */
export function natsAccess(config: Config, role: NatsRole, env: Environment = process.env): LogAccess {
  refuseSecretsInAddress(env['NATS_URL']);
  const secret = (reference: string) => {
    const read = (): string => readSecret(reference, env);
    read();
    return read;
  };
  const identity = identityOf(settings(config, env), secret);
  const tls = tlsOf(tlsSettings(config, env), secret);
  return {
    inboxPrefix: inboxOf(role),
    ...(identity === undefined ? {} : { identity }),
    ...(tls === undefined ? {} : { tls }),
  };
}

type Settings = Partial<Record<'creds' | 'nkey' | 'user' | 'password' | 'token', string>>;
type Read = (reference: string) => () => string;

/** The environment names a whole identity or none: half of one and half of another would be nobody's. */
function settings({ nats }: Config, env: Environment): Settings {
  const own = given({
    creds: fileRef(env['NATS_CREDS']),
    nkey: fileRef(env['NATS_NKEY']),
    user: env['NATS_USER'],
    password: env['NATS_PASSWORD'] === undefined ? undefined : 'env:NATS_PASSWORD',
    token: env['NATS_TOKEN'] === undefined ? undefined : 'env:NATS_TOKEN',
  });
  if (Object.keys(own).length > 0) return own;
  return given({ creds: nats.creds, nkey: nats.nkey, user: nats.user, password: nats.password, token: nats.token });
}

function identityOf({ creds, nkey, user, password, token }: Settings, secret: Read): Identity | undefined {
  const kinds = Object.entries({ creds, nkey, user: user ?? password, token }).filter(
    ([, value]) => value !== undefined,
  );
  if (kinds.length > 1)
    throw refused(`${kinds.map(([kind]) => kind).join(' and ')} are given, expected one way to show who this is`);
  if (creds !== undefined) return { kind: 'creds', creds: secret(creds) };
  if (nkey !== undefined) return { kind: 'nkey', seed: secret(nkey) };
  if (token !== undefined) return { kind: 'token', token: secret(token) };
  if (user === undefined && password === undefined) return undefined;
  if (user === undefined || password === undefined) throw refused('user and password belong together, expected both');
  return { kind: 'password', user, password: secret(password) };
}

type TlsSettings = Partial<Record<'ca' | 'cert' | 'key', string>>;

function tlsSettings({ nats }: Config, env: Environment): TlsSettings | undefined {
  const own = given({
    ca: fileRef(env['NATS_CA']),
    cert: fileRef(env['NATS_CERT']),
    key: fileRef(env['NATS_KEY']),
  });
  return Object.keys(own).length > 0 ? { ...nats.tls, ...own } : nats.tls;
}

function tlsOf(wanted: TlsSettings | undefined, secret: Read): LogTls | undefined {
  if (wanted === undefined) return undefined;
  if ((wanted.cert === undefined) !== (wanted.key === undefined))
    throw refused('tls.cert and tls.key belong together, expected both');
  return Object.fromEntries(Object.entries(wanted).map(([name, reference]) => [name, secret(reference)]));
}

/** It would be seen in the list of processes, in logs and in error messages; and the client does not even read it. */
function refuseSecretsInAddress(url: string | undefined): void {
  if (url === undefined || !/\/\/[^/,]*@/.test(url)) return;
  throw refused(
    'NATS_URL holds a user or a password, expected an address only: name them with NATS_USER and NATS_PASSWORD',
  );
}

const fileRef = (path: string | undefined): string | undefined => (path === undefined ? undefined : `file:${path}`);

const given = <K extends string>(values: Record<K, string | undefined>): Partial<Record<K, string>> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Record<K, string>>;

const refused = (problem: string): CommandError => new CommandError(EXIT.refused, `NATS: ${problem}`);
