/** Where the hosts of the inventory are reached by ssh: what the configuration says of one, else its own name and the defaults. */
import type { SshHost } from './ssh.ts';

/** A host that the configuration names; a target of kind `host`. */
export interface HostEntry {
  readonly name: string;
  readonly region: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: its name. */
  readonly address?: string;
  readonly port?: number;
  readonly user?: string;
}

export const HOST_KIND = 'host';
const SSH_PORT = 22;

/** Only for names of the configuration and the inventory, never for one that an event brings along. */
export type HostOf = (name: string, region: string) => SshHost;

export function createHosts(hosts: readonly HostEntry[], defaultUser: string): HostOf {
  const known = new Map(hosts.map((host) => [`${host.region}/${host.name}`, host]));
  return (name, region) => {
    const { address = name, port = SSH_PORT, user = defaultUser } = known.get(`${region}/${name}`) ?? {};
    return { name, address, port, user };
  };
}
