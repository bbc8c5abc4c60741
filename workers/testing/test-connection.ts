/** A test environment's connection, as what works on Temporal wants it. The environment closes it. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { TemporalConnection } from '../temporal-connection.ts';

export const testConnection = (environment: TestWorkflowEnvironment): TemporalConnection => ({
  client: environment.client,
  connection: environment.nativeConnection,
  namespace: environment.namespace ?? 'default',
  dataConverter: undefined,
  operatorService: environment.connection.operatorService,
  close: () => Promise.resolve(),
});
