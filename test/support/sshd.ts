/** A real sshd on loopback, for one test file: own host key, own user key, own port, its commands' PATH led by a folder of the test. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Ssh, type SshHost, createSsh } from '../../activities/ssh.ts';
import { type ServerProcess, freePort, listens, startServer } from '../../workers/servers/server-process.ts';

const SSHD = '/usr/sbin/sshd';
/** Why tests with ssh are skipped; false where they run. */
export const lacksSshd = existsSync(SSHD) ? false : `${SSHD} is missing: install openssh-server`;

export interface TestSshd {
  readonly host: SshHost;
  readonly knownHosts: string;
  readonly identity: string;
  readonly ssh: Ssh;
  /** Programs put here are found before the system's. */
  readonly bin: string;
  /** Another key of the host, as after an attack or a new installation. */
  changeHostKey(): Promise<void>;
  /** Our key is refused until what this returns is called. */
  refuseKey(): () => void;
  /** On the same port with the same keys. */
  start(): Promise<void>;
  kill(): Promise<void>;
}

export async function startSshd(dir: string, name = 'web-1'): Promise<TestSshd> {
  mkdirSync(join(dir, 'bin'), { recursive: true });
  // sshd of root separates its privileges there.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const port = await freePort();
  const [hostKey, identity, knownHosts] = [join(dir, 'host'), join(dir, 'user'), join(dir, 'known_hosts')];
  makeKey(hostKey);
  makeKey(identity);
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${readFileSync(`${hostKey}.pub`, 'utf8')}`);
  const config = join(dir, 'sshd_config');
  const settings = (key: string): string =>
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${key}`,
      `AuthorizedKeysFile ${identity}.pub`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'MaxStartups 100',
      // Commands lock their home: with that of the machine's user, tests would wait for each other.
      `SetEnv HOME=${dir} PATH=${join(dir, 'bin')}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
    ].join('\n');
  let server: ServerProcess | undefined;
  const start = async (): Promise<void> => {
    server = await startServer({
      name: 'sshd',
      command: SSHD,
      args: ['-D', '-e', '-f', config],
      logFile: join(dir, 'sshd.log'),
      ports: [],
      ready: () => listens(port),
      readyWithinMs: 10_000,
    });
  };
  const kill = async (): Promise<void> => {
    await server?.stop('SIGKILL');
    server = undefined;
  };
  writeFileSync(config, settings(hostKey));
  await start();
  return {
    host: { name, address: '127.0.0.1', port, user: userInfo().username },
    knownHosts,
    identity,
    ssh: createSsh({ knownHosts, identity }),
    bin: join(dir, 'bin'),
    changeHostKey: async () => {
      makeKey(`${hostKey}-other`);
      writeFileSync(config, settings(`${hostKey}-other`));
      await kill();
      await start();
    },
    refuseKey: () => {
      const [key, away] = [`${identity}.pub`, `${identity}.away`];
      renameSync(key, away);
      return () => renameSync(away, key);
    },
    start,
    kill,
  };
}

const makeKey = (file: string): void => {
  if (!existsSync(file)) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
};
