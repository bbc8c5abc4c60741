/** The senders of the configuration, and the certificates of the intake, with what they stand on read and checked. */
import { createSecureContext } from 'node:tls';
import type { Sender, TlsOptions } from '../../triggers/intake/intake.ts';
import { contradictionIn } from '../../triggers/sources/generic-mapping.ts';
import { GENERIC, createGeneric } from '../../triggers/sources/generic.ts';
import { sources } from '../../triggers/sources/index.ts';
import type { Source } from '../../triggers/sources/source.ts';
import { type Config, readSecret } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import { senderAuth } from './sender-auth.ts';
import { senderTimes } from './sender-times.ts';

/** Rejects when the kind or its zone is unknown, a mapping is missing or out of place, or a secret is missing. */
export function toSender(sender: Config['intake']['senders'][number]): Sender {
  // Pub/Sub repeats a refusal for days, whichever way it proves itself.
  const { name, kind, auth, quarantine = auth.kind === 'oidc' || kind === 'gcp' } = sender;
  return { name, source: sourceOf(sender), auth: senderAuth(auth), quarantine, times: senderTimes(sender) };
}

/** Throws CommandError when the kind is unknown, or a mapping is missing, out of place or contradicts itself. */
export function sourceOf({ name, kind, mapping }: Config['intake']['senders'][number]): Source {
  if (kind === GENERIC && mapping !== undefined) {
    const contradiction = contradictionIn(mapping);
    if (contradiction === null) return createGeneric(mapping);
    throw new CommandError(EXIT.refused, `sender ${name}, mapping: ${contradiction}; expected one meaning for each`);
  }
  const source = sources.get(kind);
  if (source !== undefined && mapping === undefined) return source;
  if (source !== undefined)
    throw new CommandError(EXIT.refused, `sender ${name} has a mapping; only kind "${GENERIC}" takes one, not ${kind}`);
  if (kind === GENERIC)
    throw new CommandError(
      EXIT.refused,
      `sender ${name} has kind "${GENERIC}"; expected a mapping with key and status`,
    );
  throw new CommandError(
    EXIT.refused,
    `sender ${name} has kind ${JSON.stringify(kind)}; expected one of ${[...sources.keys(), GENERIC].toSorted().join(', ')}`,
  );
}

/** Rejects when a certificate or key cannot be read, or the two do not fit. */
export function readTls({ cert, key, clientCa }: NonNullable<Config['intake']['tls']>): TlsOptions {
  const tls = { cert: readSecret(cert), key: readSecret(key) };
  const ca = clientCa === undefined ? {} : { clientCa: readSecret(clientCa) };
  try {
    createSecureContext({ ...tls, ...(ca.clientCa === undefined ? {} : { ca: ca.clientCa }) });
  } catch (error) {
    throw new CommandError(
      EXIT.refused,
      `intake.tls: ${error instanceof Error ? error.message : String(error)}; expected PEM in ${cert} and ${key}, of one pair`,
      error,
    );
  }
  return { ...tls, ...ca };
}
