/** What a server of gRPC has answered, however deep an error carries it. */
import { isGrpcServiceError } from '@temporalio/client';

export interface GrpcStatus {
  readonly code: number;
  /** In the server's words. */
  readonly details: string;
}

/** Null when no server has answered with a status. */
export function grpcStatusOf(error: unknown): GrpcStatus | null {
  for (let next: unknown = error; next instanceof Error; next = next.cause)
    // A native connection has the words in its message alone.
    if (isGrpcServiceError(next)) return { code: Number(next.code), details: next.details || next.message };
  return null;
}
