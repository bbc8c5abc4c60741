/** Permissions as a server's configuration: one account with one user per role, passwords from the server's environment. */
import { type NatsUserRole, NATS_ROLES, type Permissions, natsPermissions } from './permissions.ts';

/** To be included by the configuration of a server that has no operator mode; with JWTs, give users the same permissions. */
export function natsServerConfig(regions: readonly string[]): string {
  const permissions = natsPermissions(regions);
  const users = NATS_ROLES.map((role) => userOf(role, permissions[role])).join('\n');
  return `# Users of Tocsin for regions ${regions.join(', ')}. Include it in the server's configuration; each $NAME is read from the
# environment of the server, best as a bcrypt hash (\`nats server passwd\`). No user may do what is not listed.
accounts {
  TOCSIN {
    jetstream: enabled
    users = [
${users}
    ]
  }
}
`;
}

export const passwordVariable = (role: NatsUserRole): string => `TOCSIN_NATS_${role.toUpperCase()}_PASSWORD`;

const userOf = (role: NatsUserRole, { publish, subscribe }: Permissions): string => `      {
        user: "tocsin-${role}"
        password: $${passwordVariable(role)}
        permissions {
          publish { allow: [
${list(publish)}
          ] }
          subscribe { allow: [
${list(subscribe)}
          ] }
        }
      }`;

const list = (subjects: readonly string[]): string =>
  subjects.map((subject) => `            ${JSON.stringify(subject)}`).join('\n');
