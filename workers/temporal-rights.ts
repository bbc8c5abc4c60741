/** Whether we may write to our namespace: asked by a signal to a run that there never is, because a connection and a reading call prove nothing of it. */
import { grpcStatusOf } from '../triggers/path/grpc-status.ts';
import type { TemporalClient } from './temporal-connection.ts';

/** No run has such an id: those of runs have a slash. */
const NOBODY = 'tocsin-rights';
const CALL_TIMEOUT_MS = 5_000;
const NOT_FOUND = 5;

/** Rejects when we may not, and when the server is away. A namespace that is not there is somebody else's finding. */
export async function proveRights({ client, namespace }: Pick<TemporalClient, 'client' | 'namespace'>): Promise<void> {
  try {
    await client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      client.workflowService.signalWorkflowExecution({
        namespace,
        workflowExecution: { workflowId: NOBODY },
        signalName: NOBODY,
      }),
    );
  } catch (error) {
    if (grpcStatusOf(error)?.code !== NOT_FOUND) throw error;
  }
}
