/** The part of the configuration that says which hosts are reached by ssh, and how. */
import { Type, type Static } from 'typebox';
import { TARGET_ID } from '../activities/inventory/target.ts';
import { LabelsSchema } from './inventory/inventory-schema.ts';

const CLOSED = { additionalProperties: false };
/** Passed to `ssh` within an option, where blanks, quotes and percent signs have a meaning. */
const SshPath = '/[^\\s"\'%\\\\]+';
const User = Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_.-]{0,63}$' });

export const SshSchema = Type.Object(
  {
    /** Public keys of the hosts, as `known_hosts` of OpenSSH; a host that is not in it is not connected to. */
    knownHosts: Type.String({ pattern: `^${SshPath}$` }),
    /** The private key, read by `ssh` alone; it has no passphrase, and nobody else may read it. */
    identity: Type.String({ pattern: `^file:${SshPath}$` }),
    /** As whom, where a host does not say. */
    user: User,
    connectTimeout: Type.String({ pattern: '^[1-9]\\d? ?s$', default: '10s' }),
  },
  CLOSED,
);

/** Targets of kind `host`. */
export const HostsSchema = Type.Array(
  Type.Object(
    {
      name: Type.String({ pattern: TARGET_ID.source }),
      region: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' }),
      labels: Type.Optional(LabelsSchema),
      /** Default: its name. */
      address: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}$' })),
      port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
      user: Type.Optional(User),
    },
    CLOSED,
  ),
  { maxItems: 10_000, default: [] },
);

export type SshConfig = Static<typeof SshSchema>;
