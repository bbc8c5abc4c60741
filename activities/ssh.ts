/**
 * Runs one command on another host by OpenSSH's `ssh`: an argument vector, host keys checked against a file of our own, one key and nothing
 * else of the machine's ssh set-up (no agent, no forwarding, no shared connections, no configuration file). Where to connect comes from the
 * configuration and the inventory, never from an event. Cancellation and the death of this process end the command on the target.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandHooks, type CommandResult, runCommand } from './command.ts';
import { permanent } from './permanent.ts';
import { KILL_AFTER_S, type RemoteCommand, remoteCommand } from './remote-command.ts';

export interface SshHost {
  /** As operators call it. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
}

export interface SshOptions {
  /** File of the hosts' public keys; a host that is not in it is not connected to. */
  readonly knownHosts: string;
  /** Path of the private key; read by `ssh` alone. */
  readonly identity: string;
  /** Default 10 s. */
  readonly connectTimeoutMs?: number;
}

export interface SshRequest extends RemoteCommand {
  /** Kept of each output stream, first and last half; default 64 KiB. */
  readonly maxOutputBytes?: number;
}

export interface Ssh {
  /**
   * A non-zero exit code is a result, not an error; 254 stands for 255 as well. Rejects for good with `SshHostKeyRefused`,
   * `SshAuthRefused` (a human has to look) or `CommandRefused`; with a plain error, to be retried, when the connection fails or ends.
   */
  run(host: SshHost, request: SshRequest, hooks?: CommandHooks): Promise<CommandResult>;
}

/** Where the configuration has no `ssh`. */
export const noSsh: Ssh = {
  run: async ({ name }) => {
    throw permanent(
      'NoSsh',
      `host ${name} cannot be reached: the configuration has no ssh, expected ssh.knownHosts, identity, user`,
    );
  },
};

const CONNECT_TIMEOUT_MS = 10_000;
/** A connection on which nothing comes for this long, three times in a row, has ended. */
const ALIVE_INTERVAL_S = 5;
/** For the target's answer after SIGTERM, SIGKILL and the way back. */
const ENDS_WITHIN_MS = (KILL_AFTER_S + 4) * 1_000;
/** `ssh` itself failed; the target's commands never end so. */
const SSH_FAILED = 255;
const TIMED_OUT = [124, 128 + 9, 128 + 15];

/** What `ssh` takes as a user, and a host that is no option and no file. */
const USER = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;
const ADDRESS = /^[A-Za-z0-9:][A-Za-z0-9.:_-]{0,252}$/;

export function createSsh({ knownHosts, identity, connectTimeoutMs = CONNECT_TIMEOUT_MS }: SshOptions): Ssh {
  const connectTimeoutS = Math.ceil(connectTimeoutMs / 1_000);
  const settings = settingsOf(knownHosts, connectTimeoutS);
  return {
    run: async (host, request, hooks) => {
      const remote = remoteCommand(request);
      const destination = destinationOf(host);
      // What ssh says of the connection goes here, apart from what the command writes to its standard error.
      const dir = await mkdtemp(join(tmpdir(), 'tocsin-ssh-'));
      const log = join(dir, 'log');
      try {
        const result = await runCommand(
          {
            argv: ['ssh', ...settings, '-i', identity, '-E', log, ...destination, remote],
            timeoutMs: request.timeoutMs + connectTimeoutS * 1_000 + ENDS_WITHIN_MS,
            endsByEofWithinMs: ENDS_WITHIN_MS,
            ...(request.maxOutputBytes === undefined ? {} : { maxOutputBytes: request.maxOutputBytes }),
          },
          hooks,
        );
        if (result.exitCode === SSH_FAILED) throw failure(host, await readFile(log, 'utf8').catch(() => ''));
        const timedOut = result.timedOut || overdue(result, request.timeoutMs);
        return { ...result, timedOut };
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
  };
}

const settingsOf = (knownHosts: string, connectTimeoutS: number): readonly string[] => [
  '-F',
  'none',
  '-T',
  '-a',
  '-x',
  '-e',
  'none',
  ...[
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'UpdateHostKeys=no',
    'VerifyHostKeyDNS=no',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'ClearAllForwardings=yes',
    'ControlMaster=no',
    'ControlPath=none',
    'ProxyCommand=none',
    'PermitLocalCommand=no',
    'CanonicalizeHostname=no',
    'ConnectionAttempts=1',
    `ConnectTimeout=${connectTimeoutS}`,
    `ServerAliveInterval=${ALIVE_INTERVAL_S}`,
    'ServerAliveCountMax=3',
    'LogLevel=ERROR',
  ].flatMap((setting) => ['-o', setting]),
];

function destinationOf({ name, address, port, user }: SshHost): readonly string[] {
  if (!ADDRESS.test(address) || !USER.test(user))
    throw permanent(
      'SshHostRefused',
      `host ${name}: ${JSON.stringify(`${user}@${address}`)} is no address to connect to, expected ${USER.source} at ${ADDRESS.source}`,
    );
  return ['-l', user, '-p', String(port), '--', address];
}

/** The target's `timeout` ends with 124 as any command may; so it counts only when the time is up. */
const overdue = ({ exitCode, durationMs }: CommandResult, timeoutMs: number): boolean =>
  exitCode !== null && TIMED_OUT.includes(exitCode) && durationMs >= timeoutMs;

function failure({ name, address, port }: SshHost, log: string): Error {
  const where = `host ${name} (${address} port ${port})`;
  const said = log.trim().slice(-500) || 'ssh gave no reason';
  if (/host key verification failed|host identification has changed|no matching host key/i.test(log))
    return permanent('SshHostKeyRefused', `${where} is not who ssh.knownHosts says; a human has to look: ${said}`);
  if (/permission denied|too many authentication failures|load key .*(permission|invalid|no such)/i.test(log))
    return permanent('SshAuthRefused', `${where} refuses our key; a human has to look: ${said}`);
  return new Error(`cannot reach ${where}, or the connection ended; it is tried again: ${said}`);
}
