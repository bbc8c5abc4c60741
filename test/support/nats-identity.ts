/** NATS identities as operators make them with `nsc`: an operator, an account and users as signed JWTs, and credential files of users. */
import { createHash } from 'node:crypto';
import { type KeyPair, createAccount, createOperator, createUser } from 'nkeys.js';

export interface NatsTenancy {
  /** Lines of the server's configuration that make it trust this operator. */
  readonly serverConfig: string;
  /** Content of a `.creds` file. `expired`: one that was valid an hour ago. */
  creds(user: string, options?: { readonly expired?: boolean }): string;
}

export function createTenancy(): NatsTenancy {
  const [operator, system, account] = [createOperator(), createAccount(), createAccount()];
  const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const store = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const accountJwt = (key: KeyPair, limits: object): string =>
    sign(operator, key.getPublicKey(), { type: 'account', version: 2, limits });
  const operatorJwt = sign(operator, operator.getPublicKey(), {
    type: 'operator',
    version: 2,
    system_account: system.getPublicKey(),
  });
  return {
    serverConfig: `operator: ${operatorJwt}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: {
  ${system.getPublicKey()}: ${accountJwt(system, unlimited)}
  ${account.getPublicKey()}: ${accountJwt(account, { ...unlimited, ...store })}
}
`,
    creds: (name, { expired = false } = {}) => {
      const user = createUser();
      const hourAgo = Math.floor(Date.now() / 1_000) - 3_600;
      const jwt = sign(
        account,
        user.getPublicKey(),
        { type: 'user', version: 2, subs: -1, data: -1, payload: -1 },
        { name, ...(expired ? { exp: hourAgo } : {}) },
      );
      const seed = new TextDecoder().decode(user.getSeed());
      return `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
    },
  };
}

function sign(issuer: KeyPair, subject: string, nats: object, more: object = {}): string {
  const claims = { iss: issuer.getPublicKey(), sub: subject, iat: Math.floor(Date.now() / 1_000), ...more, nats };
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex');
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ jti, ...claims })}`;
  return `${signed}.${Buffer.from(issuer.sign(new TextEncoder().encode(signed))).toString('base64url')}`;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
