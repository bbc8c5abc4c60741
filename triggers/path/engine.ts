/**
 * Temporal as the path sees it: start a run at most once, tell it that its alert is resolved, ask whether the server answers. The
 * workflow id with REJECT_DUPLICATE is the guard of R3; everything in front of it is a shortcut.
 */
import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';
import { attributesOf } from '../../workflows/kit/run-attributes.ts';
import { tooLarge } from '../../workflows/kit/payload-size.ts';
import { EVENT_SIGNAL, RESOLVED_SIGNAL, RUNBOOK_QUEUE, type RunContext } from '../../workflows/kit/run-context.ts';
import { grpcStatusOf } from './grpc-status.ts';
import type { Engine, StartRequest, StartResult } from './ports.ts';

/** Temporal is away or overloaded: stop pulling, probe, try again. */
export class EngineUnavailable extends Error {
  override readonly name = 'EngineUnavailable';
}

/** Temporal refuses this very request (too large, malformed, not allowed): repeating it cannot help. */
export class EngineRefused extends Error {
  override readonly name = 'EngineRefused';
}

/** Bound on one call, below JetStream's `ack_wait` even when the connection retries it. */
const CALL_TIMEOUT_MS = 5_000;

export interface EngineOptions {
  readonly client: Client;
  readonly namespace: string;
  /** Each run takes them along: what the configuration says of regions, where it differs from the defaults. */
  readonly regions?: NonNullable<RunContext['regions']>;
  /**
   * A worker of this process shares the client's connection: it is given the first task of a run with the answer to the start, when it has room.
   * Without one, or when it dies with the task, the task takes its usual way.
   */
  readonly eager?: boolean;
}

export function createEngine({ client, namespace, regions, eager = false }: EngineOptions): Engine {
  const call = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    client.withDeadline(Date.now() + CALL_TIMEOUT_MS, work).catch((error: unknown) => {
      throw explain(what, error);
    });
  return {
    start: ({ context, ...request }) =>
      start(
        { client, call, eager },
        {
          ...request,
          context: {
            ...context,
            ...(regions === undefined ? {} : { regions }),
            phases: 'exceptional',
            cancelled: 'ended',
          },
        },
      ),
    signalResolved: (workflowId, resolvedBy) => signal(client, workflowId, RESOLVED_SIGNAL, resolvedBy),
    signalEvent: (workflowId, event) => signal(client, workflowId, EVENT_SIGNAL, event),
    ping: async () => {
      await call('reach Temporal', () => client.workflowService.describeNamespace({ namespace }));
    },
  };
}

async function signal(client: Client, workflowId: string, name: string, argument: unknown): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      client.workflow.getHandle(workflowId).signal(name, argument),
    );
    return true;
  } catch (error) {
    // Closed or purged: there is nobody left to tell.
    if (error instanceof WorkflowNotFoundError) return false;
    throw explain(`signal ${workflowId}`, error);
  }
}

type Call = <T>(what: string, work: () => Promise<T>) => Promise<T>;

interface Starter {
  readonly client: Client;
  readonly call: Call;
  readonly eager: boolean;
}

async function start({ client, call, eager }: Starter, request: StartRequest): Promise<StartResult> {
  const what = `start ${request.workflowId}`;
  try {
    // From 4 MiB on the server does not read it, which looks like a server that is away.
    const large = tooLarge('its input', request.input);
    if (large !== null) throw new EngineRefused(`cannot ${what}: ${large.message}`);
    const handle = await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      client.workflow.start(request.workflowType, {
        workflowId: request.workflowId,
        taskQueue: RUNBOOK_QUEUE,
        args: [request.input],
        workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
        workflowExecutionTimeout: request.executionTimeoutMs,
        memo: { tocsin: request.context },
        staticSummary: request.summary.slice(0, 200),
        typedSearchAttributes: attributesOf(request.context),
        ...(eager ? { requestEagerStart: true } : {}),
      }),
    );
    return { kind: 'started', runId: handle.firstExecutionRunId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw explain(what, error);
    const description = await call(`describe ${request.workflowId}`, () =>
      client.workflow.getHandle(request.workflowId).describe(),
    );
    return {
      kind: 'already',
      byThisEvent: isBySameEvent(description, request.context),
      runId: description.runId,
      status: statusOf(description),
    };
  }
}

/** The memo names the event that started the run: finding our own there means that an earlier delivery of it got this far. */
function isBySameEvent({ memo }: WorkflowExecutionDescription, { event }: RunContext): boolean {
  const starter = (memo?.['tocsin'] as RunContext | undefined)?.event;
  return event !== null && starter?.stream === event.stream && starter.sequence === event.sequence;
}

function statusOf({ status }: WorkflowExecutionDescription): 'running' | 'done' | 'failed' {
  if (status.name === 'RUNNING') return 'running';
  return status.name === 'COMPLETED' ? 'done' : 'failed';
}

/** This very request can never be taken; no other status says so. */
const INVALID_ARGUMENT = 3;
/**
 * Said with INVALID_ARGUMENT as well, of every request to a namespace that lacks one of ours. What concerns every request (an expired key, a namespace
 * that fails over) is no fault of the event, which must not be buried for it.
 */
const LACKS_ATTRIBUTE = /search attribute/i;

function explain(what: string, error: unknown): Error {
  if (error instanceof EngineRefused) return error;
  const grpc = grpcStatusOf(error);
  const why = grpc?.details ?? (error instanceof Error ? error.message : String(error));
  const message = `cannot ${what}: ${why}`;
  if (grpc !== null && LACKS_ATTRIBUTE.test(why))
    return new EngineUnavailable(`${message}; \`tocsin topology --apply\` registers those of Tocsin`, { cause: error });
  if (grpc?.code === INVALID_ARGUMENT) return new EngineRefused(message, { cause: error });
  // A value that cannot be serialised never reaches the server.
  if (error instanceof TypeError || (error instanceof Error && error.name === 'ValueError'))
    return new EngineRefused(message, { cause: error });
  return new EngineUnavailable(message, { cause: error });
}
