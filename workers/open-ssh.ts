import { type Ssh, createSsh, noSsh } from '../activities/ssh.ts';
import { type HostOf, createHosts } from '../activities/ssh-hosts.ts';
import type { Config } from './config-schema.ts';
import { durationMs } from './duration.ts';

/** What activities need to reach hosts; without `ssh` in the configuration every attempt says so. */
export function openSsh({ ssh, hosts }: Config): { readonly ssh: Ssh; readonly hostOf: HostOf } {
  if (ssh === undefined) return { ssh: noSsh, hostOf: createHosts(hosts, '') };
  const { knownHosts, identity, connectTimeout, user } = ssh;
  const client = createSsh({
    knownHosts,
    identity: identity.slice('file:'.length),
    connectTimeoutMs: durationMs(connectTimeout),
  });
  return { ssh: client, hostOf: createHosts(hosts, user) };
}
