/** An authority and certificates of it, made for one test file by the `openssl` command. Elliptic keys: made in milliseconds. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** Path of its certificate. */
  readonly ca: string;
  /** Paths of a new certificate for 127.0.0.1 and localhost, usable by a server and by a client. */
  issue(name: string): Certificate;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function createAuthority(dir: string, name: string): Authority {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const at = (file: string): string => join(dir, file);
  const [ca, caKey] = [at(`${name}.pem`), at(`${name}.key`)];
  openssl('req', '-x509', ...NEW_KEY, '-keyout', caKey, '-out', ca, '-days', '2', '-subj', `/CN=${name}`);
  return {
    ca,
    issue: (subject) => {
      const [cert, key, csr, ext] = ['pem', 'key', 'csr', 'ext'].map((kind) => at(`${name}-${subject}.${kind}`)) as [
        string,
        string,
        string,
        string,
      ];
      writeFileSync(ext, 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n');
      openssl('req', ...NEW_KEY, '-keyout', key, '-out', csr, '-subj', `/CN=${subject}`);
      openssl(
        'x509',
        '-req',
        '-in',
        csr,
        '-CA',
        ca,
        '-CAkey',
        caKey,
        '-CAcreateserial',
        '-out',
        cert,
        '-days',
        '2',
        '-extfile',
        ext,
      );
      return { cert, key };
    },
  };
}
