/** The certificate for Temporal nears its end: told while an orderly restart is still possible. */
import type { RoleConnection } from '../../connect.ts';
import { certificateTrouble } from '../../temporal-certificate.ts';
import type { Look } from '../watch.ts';

export interface CertificateLookOptions {
  readonly temporal: Pick<RoleConnection, 'target' | 'settings'>;
  readonly instance: string;
  readonly now?: () => number;
}

export const certificateLook = ({ temporal, instance, now = Date.now }: CertificateLookOptions): Look => ({
  name: 'certificate for Temporal',
  look: () => {
    const trouble = certificateTrouble(temporal, now());
    if (trouble === null) return Promise.resolve([]);
    const { what, remedy, ended } = trouble;
    return Promise.resolve([
      {
        key: `certificate/${instance}`,
        severity: ended ? 'critical' : 'warning',
        title: `certificate for Temporal ${ended ? 'ended' : 'ends soon'} on ${instance}`,
        text: `${what}.\n${remedy}.\nOther processes with the same pair end with it: tocsin doctor`,
        link: null,
        at: now(),
      },
    ]);
  },
});
