/**
 * How a process shows the events log who it is. Values are functions where they can be rotated: they are read at each attempt to
 * connect, so that a new file is taken without a restart.
 */
import {
  type Authenticator,
  type TlsOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from 'nats';

export type Identity =
  /** Content of a `.creds` file: a JWT and the seed that proves it. */
  | { readonly kind: 'creds'; readonly creds: () => string }
  | { readonly kind: 'nkey'; readonly seed: () => string }
  | { readonly kind: 'password'; readonly user: string; readonly password: () => string }
  | { readonly kind: 'token'; readonly token: () => string };

/** PEM text. A certificate without an authority of its own is checked against those of the system. */
export interface LogTls {
  readonly ca?: () => string;
  readonly cert?: () => string;
  readonly key?: () => string;
}

export interface LogAccess {
  readonly identity?: Identity;
  /** Present: never a word in clear, whatever the server offers. */
  readonly tls?: LogTls;
  /** First tokens of the subjects on which answers arrive: with one per role, no role can read another's. */
  readonly inboxPrefix?: string;
}

const utf8 = (read: () => string) => (): Uint8Array => new TextEncoder().encode(read());

export function authenticatorOf(identity: Identity): Authenticator {
  switch (identity.kind) {
    case 'creds':
      // The client knows the end of the seed by the line break behind it.
      return credsAuthenticator(utf8(() => `${identity.creds()}\n`));
    case 'nkey':
      return nkeyAuthenticator(utf8(identity.seed));
    case 'password':
      return usernamePasswordAuthenticator(identity.user, identity.password);
    case 'token':
      return tokenAuthenticator(identity.token);
  }
}

/** Getters: the client reads the properties anew at each handshake. */
export function tlsOf({ ca, cert, key }: LogTls): TlsOptions {
  const options = {};
  for (const [name, read] of Object.entries({ ca, cert, key }))
    if (read !== undefined) Object.defineProperty(options, name, { get: read, enumerable: true });
  return options;
}
