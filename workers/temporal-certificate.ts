/**
 * The certificate that a process shows to Temporal. It is read when the process connects and shown for as long as it lives: a connection that stands
 * outlives its end, the next one is refused. So its end is told ahead, while there is time for an orderly restart.
 */
import { X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from '@temporalio/client';
import type { RoleConnection } from './connect.ts';
import { CLIENT_PAIR, type Remedy } from './tls-problem.ts';

/** How long before its end it is told: a week, and of one for less than three weeks the last third of its life. */
const SOON_MS = 7 * 86_400_000;
const SOON_PART = 1 / 3;

/** Both in ms since 1970. */
export interface CertificateLife {
  /** From when on its end is told. */
  readonly soonAt: number;
  readonly endsAt: number;
}

export interface CertificateTrouble extends Remedy {
  readonly ended: boolean;
}

/** Null: the process shows none, its end is not near, or it is nothing that can be read, which the handshake tells. */
export function certificateTrouble(
  { target, settings }: Pick<RoleConnection, 'target' | 'settings'>,
  now: number,
): CertificateTrouble | null {
  const life = certificateLife(target.connection);
  if (life === null || now < life.soonAt) return null;
  const { endsAt } = life;
  const ended = endsAt <= now;
  const next = certificateLife(namedBy(settings));
  return {
    what: `The certificate that this process shows to Temporal ${ended ? 'ended' : 'ends'} at ${iso(endsAt)}`,
    remedy:
      next !== null && next.endsAt > endsAt
        ? `The settings name one that lasts until ${iso(next.endsAt)}: restart this process to use it`
        : `Put a new pair where ${CLIENT_PAIR} lead, and restart this process: a certificate is read at the start`,
    ended,
  };
}

/** Of the process's own certificate, not of the authorities behind it. Null: there is none, or none that can be read. */
export function certificateLife({ tls }: ConnectionOptions): CertificateLife | null {
  const pem = typeof tls === 'object' ? tls?.clientCertPair?.crt : undefined;
  if (pem === undefined) return null;
  try {
    const { validFrom, validTo } = new X509Certificate(pem);
    const [begins, endsAt] = [Date.parse(validFrom), Date.parse(validTo)];
    return { soonAt: endsAt - Math.min(SOON_MS, (endsAt - begins) * SOON_PART), endsAt };
  } catch {
    return null;
  }
}

function namedBy(settings: RoleConnection['settings']): ConnectionOptions {
  try {
    return settings().connection;
  } catch {
    // They cannot be read now, and so name none; whoever reads the key tells why.
    return {};
  }
}

const iso = (at: number): string => new Date(at).toISOString();
