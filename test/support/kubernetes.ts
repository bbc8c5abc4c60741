/**
 * A real Kubernetes API (etcd, kube-apiserver, kube-controller-manager) for one test file, and what stands in for scheduler and kubelets:
 * pods are bound, become ready, and end when they are asked to. Built once by `test/support/build-kubernetes`; where the binaries are
 * missing, tests say so and are skipped.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execFileSync } from 'node:child_process';
import {
  AppsV1Api,
  CoreV1Api,
  KubeConfig,
  PolicyV1Api,
  RbacAuthorizationV1Api,
  loadAllYaml,
} from '@kubernetes/client-node';
import { stringify } from 'yaml';
import { type ServerProcess, freePort, startServer } from '../../workers/servers/server-process.ts';
import { createAuthority } from './certificates.ts';
import { type NodeStandIn, startNodes } from './kubernetes-nodes.ts';

export interface TestKubernetes {
  readonly dir: string;
  /** Kubeconfig text of a user who may do everything, and of one who has the role that the documentation names. */
  readonly admin: string;
  readonly tocsin: string;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  readonly policy: PolicyV1Api;
  readonly nodes: NodeStandIn;
  readonly api: ApiServer;
  /** Whether the role that the documentation names is bound to Tocsin's user. */
  allow(allowed: boolean): Promise<void>;
  /** What the API server was asked to change, oldest first: its own evidence. */
  requests(): readonly ApiRequest[];
  stop(): Promise<void>;
}

/** The API server's process, for faults. */
export interface ApiServer {
  kill(): Promise<void>;
  /** On the same port with the same data. `tokens`: who is known by which; default: everybody. */
  start(tokens?: 'all' | 'without tocsin'): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

export interface ApiRequest {
  readonly user: string;
  readonly verb: string;
  /** `nodes/web-1`, `shop/pods/web-1/eviction`. */
  readonly object: string;
  readonly status: number;
}

const VERSION = '1.34.2';
const BINARIES = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tocsin', `kubernetes-${VERSION}`);
const ROLE = join(import.meta.dirname, '../../deploy/kubernetes/cluster-role.yaml');
const READY_WITHIN_MS = 120_000;

/** Why a test with a real Kubernetes is skipped here; false when it is not. */
export function kubernetesMissing(): string | false {
  const servers = ['kube-apiserver', 'kube-controller-manager'].filter((name) => !existsSync(join(BINARIES, name)));
  const etcd = (process.env['PATH'] ?? '').split(delimiter).some((dir) => existsSync(join(dir, 'etcd')));
  const missing = [...servers, ...(etcd ? [] : ['etcd'])];
  return missing.length === 0
    ? false
    : `no ${missing.join(', ')}: install Debian's etcd-server and run test/support/build-kubernetes`;
}

export async function startKubernetes(): Promise<TestKubernetes> {
  const dir = mkdtempSync(join(tmpdir(), 'tocsin-kube-'));
  const running: Stoppable[] = [];
  const stop = async (): Promise<void> => {
    for (let server = running.pop(); server !== undefined; server = running.pop()) await server.stop('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const etcdUrl = await startEtcd(dir, running);
    const { admin, tocsin, api } = await startApi(dir, etcdUrl, running);
    const config = new KubeConfig();
    config.loadFromString(admin);
    const core = config.makeApiClient(CoreV1Api);
    const rbac = config.makeApiClient(RbacAuthorizationV1Api);
    await makeRole(rbac);
    await bindTocsin(rbac);
    let controllers = await startControllers(dir);
    running.push({ stop: (signal) => controllers.stop(signal) });
    const nodes = startNodes(core);
    running.push({ stop: () => nodes.stop() });
    return {
      dir,
      admin,
      tocsin,
      core,
      apps: config.makeApiClient(AppsV1Api),
      policy: config.makeApiClient(PolicyV1Api),
      nodes,
      api: {
        ...api,
        start: async (tokens) => {
          await api.start(tokens);
          // They would not count the first budget that is made after they have lost it.
          await controllers.stop('SIGKILL');
          controllers = await startControllers(dir);
        },
      },
      allow: async (allowed) => {
        await (allowed ? bindTocsin(rbac) : rbac.deleteClusterRoleBinding({ name: 'tocsin' }));
      },
      requests: () => readRequests(join(dir, 'audit.log')),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Stoppable {
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

async function startEtcd(dir: string, running: Stoppable[]): Promise<string> {
  const [port, peerPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: 'etcd',
    command: 'etcd',
    args: [
      `--data-dir=${join(dir, 'etcd')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      // A test does not outlive its machine.
      '--unsafe-no-fsync',
    ],
    env: { ETCD_UNSUPPORTED_ARCH: process.arch },
    logFile: join(dir, 'etcd.log'),
    ports: [],
    ready: () => answers(`${url}/health`),
    readyWithinMs: READY_WITHIN_MS,
  });
  running.push(server);
  return url;
}

async function startApi(dir: string, etcdUrl: string, running: Stoppable[]) {
  const port = await freePort();
  const authority = createAuthority(dir, 'kube');
  const { cert, key } = authority.issue('apiserver');
  const signing = join(dir, 'service-accounts.key');
  execFileSync('openssl', ['genrsa', '-out', signing, '2048'], { stdio: 'pipe' });
  writeFileSync(join(dir, 'audit.yaml'), stringify(AUDIT_POLICY));
  const kubeconfig = (user: string): string =>
    kubeconfigOf(`https://127.0.0.1:${port}`, readFileSync(authority.ca), user);
  writeFileSync(join(dir, 'admin.kubeconfig'), kubeconfig('admin'));
  const core = new KubeConfig();
  core.loadFromString(kubeconfig('admin'));
  const args = [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    `--secure-port=${port}`,
    `--tls-cert-file=${cert}`,
    `--tls-private-key-file=${key}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${signing}`,
    `--service-account-signing-key-file=${signing}`,
    `--token-auth-file=${join(dir, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--disable-admission-plugins=ServiceAccount,TaintNodesByCondition',
    `--audit-policy-file=${join(dir, 'audit.yaml')}`,
    `--audit-log-path=${join(dir, 'audit.log')}`,
    '--audit-log-mode=blocking',
  ];
  const ready = async (): Promise<boolean> => {
    // Its default namespace comes last.
    await core.makeApiClient(CoreV1Api).readNamespace({ name: 'default' });
    return true;
  };
  const api = apiServer(dir, args, ready);
  running.push({ stop: () => api.kill() });
  await api.start();
  return { admin: kubeconfig('admin'), tocsin: kubeconfig('tocsin'), api };
}

const TOKENS = ['admin-token,admin,admin,"system:masters"', 'reader-token,reader,reader'];

function apiServer(dir: string, args: readonly string[], ready: () => Promise<boolean>): ApiServer {
  let server: ServerProcess | null = null;
  return {
    kill: async () => {
      await server?.stop('SIGKILL');
      server = null;
    },
    start: async (tokens = 'all') => {
      const lines = [...TOKENS, ...(tokens === 'all' ? ['tocsin-token,tocsin,tocsin'] : [])];
      writeFileSync(join(dir, 'tokens.csv'), `${lines.join('\n')}\n`);
      server = await startServer({
        name: 'kube-apiserver',
        command: join(BINARIES, 'kube-apiserver'),
        args,
        logFile: join(dir, 'apiserver.log'),
        ports: [],
        ready,
        readyWithinMs: READY_WITHIN_MS,
      });
    },
    signal: (signal) => void (server !== null && process.kill(server.pid, signal)),
  };
}

/** Only the controllers that the tests are about: who counts for budgets, and who starts pods anew. */
async function startControllers(dir: string): Promise<ServerProcess> {
  const port = await freePort();
  return startServer({
    name: 'kube-controller-manager',
    command: join(BINARIES, 'kube-controller-manager'),
    args: [
      `--kubeconfig=${join(dir, 'admin.kubeconfig')}`,
      '--controllers=disruption-controller,deployment-controller,replicaset-controller,daemonset-controller',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${join(dir, 'controllers')}`,
    ],
    logFile: join(dir, 'controllers.log'),
    ports: [],
    ready: async () => existsSync(join(dir, 'controllers')),
    readyWithinMs: READY_WITHIN_MS,
  });
}

/** As the documentation says, for a user instead of a service account. */
async function makeRole(rbac: RbacAuthorizationV1Api): Promise<void> {
  const [role] = loadAllYaml(readFileSync(ROLE, 'utf8'));
  await rbac.createClusterRole({ body: role });
}

async function bindTocsin(rbac: RbacAuthorizationV1Api): Promise<void> {
  await rbac.createClusterRoleBinding({
    body: {
      metadata: { name: 'tocsin' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'tocsin' },
      subjects: [{ kind: 'User', name: 'tocsin', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  });
}

const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', users: ['tocsin'], verbs: ['create', 'update', 'patch', 'delete'] }, { level: 'None' }],
};

function kubeconfigOf(server: string, ca: Buffer, user: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': ca.toString('base64') } }],
    users: [{ name: user, user: { token: `${user}-token` } }],
    contexts: [{ name: `${user}@test`, context: { cluster: 'test', user } }],
    'current-context': `${user}@test`,
  });
}

function readRequests(file: string): ApiRequest[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { user, verb, objectRef, responseStatus } = JSON.parse(line) as AuditLine;
      const { namespace, resource, name, subresource } = objectRef ?? {};
      const object = [namespace, resource, name, subresource].filter((part) => part !== undefined).join('/');
      return { user: user.username, verb, object, status: responseStatus?.code ?? 0 };
    });
}

interface AuditLine {
  readonly user: { readonly username: string };
  readonly verb: string;
  readonly objectRef?: { namespace?: string; resource?: string; name?: string; subresource?: string };
  readonly responseStatus?: { readonly code?: number };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  return response.ok;
}
