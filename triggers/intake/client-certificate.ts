/** Mutual TLS: a certificate that the configured authority has signed, and which of its certificates may speak for a sender. */
import type { X509Certificate } from 'node:crypto';

export interface MtlsAuth {
  readonly kind: 'mtls';
  /** Names of the certificate that may send: DNS names and URIs (SPIFFE ids) of its subjectAltName, exactly. */
  readonly names: readonly string[];
  /** SHA-256 fingerprints, hexadecimal; colons do not count. */
  readonly fingerprints: readonly string[];
}

/** `certificate`: null unless the TLS handshake proved it and its authority is the configured one. */
export function isAllowedCertificate(auth: MtlsAuth, certificate: X509Certificate | null, now: Date): boolean {
  if (certificate === null) return false;
  // A connection may live longer than the certificate it began with.
  if (now < new Date(certificate.validFrom) || now > new Date(certificate.validTo)) return false;
  const fingerprint = plain(certificate.fingerprint256);
  return (
    auth.fingerprints.some((each) => plain(each) === fingerprint) ||
    namesOf(certificate).some((name) => auth.names.includes(name))
  );
}

const plain = (fingerprint: string): string => fingerprint.replaceAll(':', '').toLowerCase();

/** A name that would need quotes is no name that anybody configures; left quoted, it matches nothing. */
const namesOf = ({ subjectAltName = '' }: X509Certificate): readonly string[] =>
  subjectAltName.split(', ').flatMap((each) => /^(?:DNS|URI):([^"]+)$/.exec(each)?.[1] ?? []);
