/** Certificates made for one test, by openssl, in a folder that is gone afterwards. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pair {
  readonly key: string;
  readonly cert: string;
}

export interface Authority extends Pair {
  /** `name`: a DNS name of the certificate. */
  issue(name: string): Pair;
}

/**
 * A moment, in whole seconds, at which every certificate made here is valid: each begins when it is made and lasts two days, and minutes
 * may pass between the loading of a test and its turn.
 */
export const WHILE_VALID = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000);

export function makeAuthority(commonName: string): Authority {
  const root = selfSigned(`/CN=${commonName}`);
  return { ...root, issue: (name) => issued(root, name) };
}

export const selfSigned = (subject: string, days = 2): Pair =>
  inFolder((at) => {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      String(days),
      '-subj',
      subject,
      '-keyout',
      at('key'),
      '-out',
      at('cert'),
    );
    return { key: readFileSync(at('key'), 'utf8'), cert: readFileSync(at('cert'), 'utf8') };
  });

const issued = (root: Pair, name: string): Pair =>
  inFolder((at) => {
    writeFileSync(at('ca'), root.cert);
    writeFileSync(at('ca-key'), root.key);
    writeFileSync(at('extensions'), `subjectAltName=DNS:${name},IP:127.0.0.1\n`);
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      at('key'),
      '-out',
      at('request'),
    );
    openssl(
      'x509',
      '-req',
      '-in',
      at('request'),
      '-CA',
      at('ca'),
      '-CAkey',
      at('ca-key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      at('extensions'),
      '-out',
      at('cert'),
    );
    return { key: readFileSync(at('key'), 'utf8'), cert: readFileSync(at('cert'), 'utf8') };
  });

const openssl = (...args: string[]): void =>
  void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });

function inFolder<T>(work: (at: (name: string) => string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-certificates-'));
  try {
    return work((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
