/**
 * Why a server and we do not agree on TLS. Clients of gRPC only say that they could not connect in time, so the handshake is made once more by itself.
 * Nothing is sent inside of it.
 */
import { type ConnectionOptions, type TLSSocket, connect } from 'node:tls';
import type { ConnectionOptions as Connection } from '@temporalio/client';

/** What is wrong, and what to do about it; neither ends with a full stop. */
export interface Remedy {
  readonly what: string;
  readonly remedy: string;
}

type Tls = Extract<NonNullable<Connection['tls']>, object>;

const HANDSHAKE_MS = 2_000;
/** Of a client's certificate a server judges when the handshake is over for us; one that is content may say nothing. */
const REFUSED_WITHIN_MS = 1_000;
const DEFAULT_PORT = 7_233;

/** `what` follows the name of the server. Null when nobody answers, and when TLS is not what is wrong. Never rejects. */
export async function tlsProblem(connection: Connection): Promise<Remedy | null> {
  const tls = tlsOf(connection);
  const code = await handshakeFailure(connection, tls ?? {});
  if (tls === null) return code === null || isAboutCertificates(code) ? WANTS_TLS : null;
  return code === null ? null : explainTls(code, tls);
}

/** With an API key there is TLS even when nothing says so. */
function tlsOf({ tls, apiKey }: Connection): Tls | null {
  if (typeof tls === 'object' && tls !== null) return tls;
  return tls === true || (apiKey !== undefined && tls !== false) ? {} : null;
}

/** Its code; null when it succeeds. */
async function handshakeFailure({ address = '' }: Connection, tls: Tls): Promise<string | null> {
  try {
    const { hostname, port } = new URL(`tcp://${address}`);
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || DEFAULT_PORT),
      ALPNProtocols: ['h2'],
      ...certificatesOf(tls),
    });
    return await outcomeOf(socket).finally(() => socket.destroy());
  } catch (error) {
    // A key that is not the certificate's, or no key at all, is found before anything is sent.
    return codeOf(error);
  }
}

const certificatesOf = ({ serverRootCACertificate, clientCertPair, serverNameOverride }: Tls): ConnectionOptions => ({
  ...(serverRootCACertificate && { ca: Buffer.from(serverRootCACertificate) }),
  ...(clientCertPair && { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
  ...(serverNameOverride !== undefined && { servername: serverNameOverride }),
});

const outcomeOf = (socket: TLSSocket): Promise<string | null> =>
  new Promise((resolve) => {
    const late = setTimeout(() => resolve('ETIMEDOUT'), HANDSHAKE_MS);
    let content: NodeJS.Timeout | undefined;
    socket.once('secureConnect', () => (content = setTimeout(() => resolve(null), REFUSED_WITHIN_MS)));
    socket.once('data', () => resolve(null));
    // More than one may come.
    socket.on('error', (error) => resolve(codeOf(error)));
    socket.once('close', () => {
      clearTimeout(late);
      clearTimeout(content);
      resolve('ECONNRESET');
    });
  });

const codeOf = (error: unknown): string => String((error as { readonly code?: unknown } | null)?.code ?? error);

const CERTIFICATE_CODES = /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_)/;
const isAboutCertificates = (code: string): boolean => CERTIFICATE_CODES.test(code) || code.includes('_ALERT_');

const WANTS_TLS: Remedy = {
  what: 'speaks TLS, and none is asked for',
  remedy:
    'Set TEMPORAL_TLS=true, or TEMPORAL_TLS_SERVER_CA_CERT_PATH when its certificate is of an authority of your own',
};

/** Of a client's certificate and key, in the words of Temporal's tools. */
export const CLIENT_PAIR = 'TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH';
const AUTHORITY = 'TEMPORAL_TLS_SERVER_CA_CERT_PATH';

/** From the code of a failed handshake. Null: nobody is there. */
export function explainTls(code: string, tls: Tls): Remedy | null {
  const what = (text: string): string => `${text} (${code})`;
  if (/_ALERT_.*(CERT|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/.test(code)) return explainAlert(what, tls);
  if (code.includes('_ALERT_'))
    return { what: what('ends the handshake of TLS'), remedy: 'Compare its versions of TLS with those of this host' };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return {
      what: what('shows a certificate for other names than its address'),
      remedy: 'Correct TEMPORAL_ADDRESS, or set TEMPORAL_TLS_SERVER_NAME to a name of the certificate',
    };
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return {
      what: what('shows a certificate that is not valid now'),
      remedy: 'Renew it at the server, and look at the clock of this host',
    };
  if (CERTIFICATE_CODES.test(code))
    return {
      what: what('shows a certificate of an authority that is not trusted here'),
      remedy: `${tls.serverRootCACertificate === undefined ? 'Set' : 'Correct'} ${AUTHORITY}: the authority that has issued the server's certificate`,
    };
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return {
      what: what('does not speak TLS'),
      remedy: 'Correct TEMPORAL_ADDRESS; nothing is sent in clear once TLS or an API key is set',
    };
  // Of the files themselves: not a certificate, not a key, or not of one another.
  if (/^ERR_(OSSL|SSL|CRYPTO)_/.test(code))
    return {
      what: what('cannot be reached with this certificate and key'),
      remedy: `Correct ${CLIENT_PAIR}: PEM files that belong together`,
    };
  return null;
}

/** The server has ended it. */
const explainAlert = (what: (text: string) => string, { clientCertPair }: Tls): Remedy =>
  clientCertPair === undefined
    ? {
        what: what('asks for a certificate of the client, and none is set'),
        remedy: `Set ${CLIENT_PAIR}`,
      }
    : {
        what: what('does not accept the certificate of this client'),
        remedy: `Set ${CLIENT_PAIR} to a pair of an authority that the server trusts, not expired`,
      };
