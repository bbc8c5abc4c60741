/**
 * The Kubernetes clusters of the configuration, by name. A cluster is opened at its first use, so that a worker without clusters loads
 * nothing; it is opened anew after its credentials were refused, because they may have been rotated. Every request has a time-out and
 * ends with its activity.
 */
import { dirname } from 'node:path';
import type { AppsV1Api, Configuration, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { permanent } from '../permanent.ts';
import { activitySignal } from './activity-signal.ts';
import { type Asked, answered } from './answered.ts';

export interface ClusterOptions {
  readonly name: string;
  /** Text of a kubeconfig; null: the service account of the pod that the worker runs in. Throws when it cannot be read. */
  readonly kubeconfig: () => { readonly text: string; readonly path: string | null } | null;
  /** Of the kubeconfig; default: its current one. */
  readonly context?: string;
  /** Bound on one request; default 10 s. */
  readonly timeoutMs?: number;
}

export interface Cluster {
  readonly name: string;
  /** Rejects permanently when repeating cannot help, else so that Temporal tries again. `what` is named in the error: `cordon node web-1`. */
  ask<T>(what: string, request: (api: ClusterApi) => Promise<T>): Promise<T>;
  /** The same, for whoever has an answer of its own to a refusal. */
  try<T>(what: string, request: (api: ClusterApi) => Promise<T>): Promise<Asked<T>>;
}

export interface ClusterApi {
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
}

/** Throws `ClusterUnknown` (final) for a name that the configuration does not have. */
export type Clusters = (name: string) => Cluster;

const TIMEOUT_MS = 10_000;

export function createClusters(options: readonly ClusterOptions[]): Clusters {
  const clusters = new Map(options.map((each) => [each.name, createCluster(each)]));
  return (name) => {
    const cluster = clusters.get(name);
    if (cluster !== undefined) return cluster;
    const known = [...clusters.keys()].join(', ') || 'none';
    throw permanent(
      'ClusterUnknown',
      `cluster ${JSON.stringify(name)} is not in kubernetes of the configuration; it has: ${known}`,
    );
  };
}

function createCluster(options: ClusterOptions): Cluster {
  let opened: Promise<ClusterApi> | null = null;
  const trying = async <T>(what: string, request: (api: ClusterApi) => Promise<T>): Promise<Asked<T>> => {
    opened ??= open(options);
    const api = await opened.catch((error: unknown) => {
      opened = null;
      throw error;
    });
    const asked = await answered(`${what} in cluster ${options.name}`, () => request(api));
    if (asked.kind === 'refused' && asked.status === 401) opened = null;
    return asked;
  };
  return {
    name: options.name,
    try: trying,
    ask: async (what, request) => {
      const asked = await trying(what, request);
      if (asked.kind === 'refused') throw asked.error;
      return asked.value;
    },
  };
}

async function open(options: ClusterOptions): Promise<ClusterApi> {
  const client = await import('@kubernetes/client-node');
  const config = load(new client.KubeConfig(), options);
  const cluster = config.getCurrentCluster();
  const server = cluster?.server ?? '';
  if (!server.startsWith('https://') || cluster?.skipTLSVerify === true)
    throw permanent(
      'ClusterUnsafe',
      `cluster ${options.name} is at ${server || 'no address'}${cluster?.skipTLSVerify === true ? ' without a check of its certificate' : ''}; ` +
        'expected https and the certificate of its authority in the kubeconfig',
    );
  const configuration: Configuration = client.createConfiguration({
    baseServer: new client.ServerConfiguration(server, {}),
    authMethods: { default: config },
    promiseMiddleware: [
      {
        pre: async (request) => {
          request.setSignal(bound(options.timeoutMs ?? TIMEOUT_MS));
          // What is patched here is an object with the parts to change, or a list of operations.
          if (request.getHttpMethod().toString() === 'PATCH')
            request.setHeaderParam('Content-Type', patchType(request.getBody()));
          return request;
        },
        post: async (response) => response,
      },
    ],
  });
  return { core: new client.CoreV1Api(configuration), apps: new client.AppsV1Api(configuration) };
}

function load(config: KubeConfig, { name, kubeconfig, context }: ClusterOptions): KubeConfig {
  try {
    const source = kubeconfig();
    if (source === null) config.loadFromCluster();
    else {
      config.loadFromString(source.text);
      if (source.path !== null) config.makePathsAbsolute(dirname(source.path));
    }
  } catch (error) {
    // A secret that is being replaced may be away for a moment.
    throw new Error(`cluster ${name}: its kubeconfig cannot be read, which is tried again: ${textOf(error)}`, {
      cause: error,
    });
  }
  if (context !== undefined && config.getContextObject(context) === null) {
    const has = config.getContexts().map((each) => each.name);
    throw permanent(
      'ClusterUnknown',
      `cluster ${name}: context ${context} is not in its kubeconfig; it has: ${has.join(', ') || 'none'}`,
    );
  }
  if (context !== undefined) config.setCurrentContext(context);
  return config;
}

function bound(timeoutMs: number): AbortSignal {
  const [timeout, cancelled] = [AbortSignal.timeout(timeoutMs), activitySignal()];
  return cancelled === null ? timeout : AbortSignal.any([timeout, cancelled]);
}

const patchType = (body: unknown): string =>
  typeof body === 'string' && body.startsWith('[') ? 'application/json-patch+json' : 'application/merge-patch+json';

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
