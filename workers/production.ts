/**
 * The profile `production`: a process that holds the keys to an infrastructure does not start on what is made for a laptop. Each finding has
 * a name; an operator who wants it all the same writes the name under `allow`, where the next one reads it.
 */
import { statSync } from 'node:fs';
import type { Config } from './config.ts';
import { needsEmbeddedNats, temporalTargetOf } from './connect.ts';
import { CommandError, EXIT } from './exit-code.ts';
import { natsAccess } from './nats-access.ts';
import { natsSync } from './nats-sync.ts';
import type { Exception } from './production-schema.ts';
import type { TemporalClient } from './temporal-connection.ts';

const PROBE_MS = 5_000;

interface Finding {
  readonly name: Exception;
  /** What is found, and what is expected. */
  readonly problem: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Before anything is opened. Rejects with all findings that are not allowed by name; does nothing in another profile. */
export async function refuseUnsafe(config: Config, env: NodeJS.ProcessEnv = process.env): Promise<void> {
  if (config.profile !== 'production') return;
  refuse(config, [
    ...servers(config, env),
    ...identities(config, env),
    ...readableSecrets(config, env),
    ...openSenders(config),
    ...clearDatabases(config),
    ...(await syncing(config)),
  ]);
}

/** A development server answers at any address; it is known by what it stores in. */
export async function refuseDevServer(config: Config, { client }: Pick<TemporalClient, 'client'>): Promise<void> {
  if (config.profile !== 'production') return;
  const { persistenceStore } = await client.withDeadline(Date.now() + PROBE_MS, () =>
    client.workflowService.getClusterInfo({}),
  );
  if (persistenceStore === 'sqlite')
    refuse(config, [
      { name: 'dev-server', problem: 'Temporal stores in SQLite, as its development server does, expected a cluster' },
    ]);
}

function refuse({ allow }: Config, findings: readonly Finding[]): void {
  const left = findings.filter(({ name }) => !allow.includes(name));
  if (left.length === 0) return;
  const lines = left.map(({ name, problem }) => `  ${name}: ${problem}`);
  throw new CommandError(
    EXIT.refused,
    `profile production does not start on this (or allow it by name: \`allow: [${[...new Set(left.map(({ name }) => name))].join(', ')}]\`):\n${lines.join('\n')}`,
  );
}

function servers(config: Config, env: NodeJS.ProcessEnv): Finding[] {
  const findings: Finding[] = [];
  if (needsEmbeddedNats(config, env))
    findings.push({ name: 'dev-server', problem: 'the embedded NATS server, expected yours in NATS_URL' });
  if (!temporalTargetOf(config).external)
    findings.push({ name: 'dev-server', problem: 'the embedded Temporal server, expected yours in TEMPORAL_ADDRESS' });
  return findings;
}

function identities(config: Config, env: Environment): Finding[] {
  const findings: Finding[] = [];
  const { identity, tls } = natsAccess(config, 'all', env);
  if (identity === undefined && tls?.cert === undefined)
    findings.push({
      name: 'no-auth',
      problem: 'NATS is not told who this is, expected credentials or a client certificate',
    });
  if (tls === undefined)
    findings.push({ name: 'clear-text', problem: 'NATS is spoken to in clear, expected nats.tls' });
  const { apiKey, tls: temporalTls } = temporalTargetOf(config).connection;
  const certificate = typeof temporalTls === 'object' && temporalTls?.clientCertPair !== undefined;
  if (apiKey === undefined && !certificate)
    findings.push({
      name: 'no-auth',
      problem: 'Temporal is not told who this is, expected an API key or a client certificate',
    });
  if (!temporalTls)
    findings.push({ name: 'clear-text', problem: 'Temporal is spoken to in clear, expected TEMPORAL_TLS_*' });
  return findings;
}

/** Certificates are for everybody; everything else behind `file:` is not. */
const PUBLIC = /^\/(nats\/tls\/(ca|cert)|postgres\/\d+\/ca)$/;
const OTHERS_MAY_READ = 0o004;
const FILES_IN_ENVIRONMENT = ['NATS_CREDS', 'NATS_NKEY', 'NATS_KEY', 'TEMPORAL_TLS_CLIENT_KEY_PATH'];

function readableSecrets(config: Config, env: Environment): Finding[] {
  const named = FILES_IN_ENVIRONMENT.flatMap((name) => env[name] ?? []);
  const files = new Set([...fileReferences(config), ...named]);
  return [...files].flatMap((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat === undefined || (stat.mode & OTHERS_MAY_READ) === 0) return [];
    return [
      { name: 'readable-secrets' as const, problem: `everybody on this machine may read ${file}, expected mode 0600` },
    ];
  });
}

function fileReferences(value: unknown, place = ''): string[] {
  if (typeof value === 'string') return value.startsWith('file:/') && !PUBLIC.test(place) ? [value.slice(5)] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => fileReferences(each, `${place}/${key}`));
}

const openSenders = ({ intake }: Config): Finding[] =>
  intake.senders
    .filter(({ auth }) => auth.kind === 'none')
    .map(({ name }) => ({
      name: 'open-intake',
      problem: `anybody may send as ${name}, expected intake.senders with auth`,
    }));

const clearDatabases = ({ postgres }: Config): Finding[] =>
  postgres
    .filter(({ tls }) => tls === 'off')
    .map(({ name }) => ({
      name: 'clear-text',
      problem: `database ${name} is spoken to in clear, expected tls: verify`,
    }));

async function syncing({ nats }: Config): Promise<Finding[]> {
  const finding = (problem: string): Finding[] => [{ name: 'default-sync', problem }];
  if (nats.monitorUrl === undefined)
    return finding(
      'whether NATS syncs before it acknowledges cannot be seen, expected its monitoring address in nats.monitorUrl',
    );
  try {
    if ((await natsSync(nats.monitorUrl)).always) return [];
    return finding('NATS acknowledges before it syncs, expected `sync_interval: always` in its configuration');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return finding(`nats.monitorUrl ${nats.monitorUrl} does not tell whether NATS syncs: ${why}`);
  }
}
