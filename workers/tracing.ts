/**
 * OpenTelemetry for one process: one trace from the webhook to the last activity. Off unless the standard environment names where spans go
 * (`OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`); then nothing of it is loaded, and runs carry no header of it.
 */
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';

export interface Tracing {
  readonly clientInterceptors: readonly WorkflowClientInterceptor[];
  /** For every worker of the process. */
  readonly worker: Pick<WorkerOptions, 'interceptors' | 'sinks'>;
  /** Sends what is left, within its bound. */
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

const CLOSE_MS = 5_000;

/** Modules that the workflow code needs for it; part of the bundle, so asked for before there is one. */
export const workflowTraceModules = (env: Environment): readonly string[] =>
  isTracing(env) ? ['@temporalio/interceptors-opentelemetry/lib/workflow-interceptors'] : [];

export const isTracing = (env: Environment): boolean =>
  env['OTEL_SDK_DISABLED'] !== 'true' &&
  env['OTEL_TRACES_EXPORTER'] !== 'none' &&
  [env['OTEL_EXPORTER_OTLP_ENDPOINT'], env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']].some(
    (endpoint) => endpoint !== undefined && endpoint !== '',
  );

/** Null when it is off. Registers the process-wide provider, so once per process. */
export async function startTracing(instance: string, env: Environment): Promise<Tracing | null> {
  if (!isTracing(env)) return null;
  const [{ NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { Resource }, temporal] = await Promise.all(
    [
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('@temporalio/interceptors-opentelemetry'),
    ],
  );
  // The exporter reads its own environment: address, headers, time-outs.
  const processor = new BatchSpanProcessor(new OTLPTraceExporter());
  const resource = Resource.default().merge(
    new Resource({ 'service.name': env['OTEL_SERVICE_NAME'] ?? 'tocsin', 'service.instance.id': instance }),
  );
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  provider.register();
  return {
    clientInterceptors: [new temporal.OpenTelemetryWorkflowClientInterceptor()],
    worker: {
      interceptors: {
        activity: [
          (context) => ({
            inbound: new temporal.OpenTelemetryActivityInboundInterceptor(context),
            outbound: new temporal.OpenTelemetryActivityOutboundInterceptor(context),
          }),
        ],
      },
      sinks: { exporter: temporal.makeWorkflowExporter(processor, resource) } as unknown as NonNullable<
        WorkerOptions['sinks']
      >,
    },
    close: () => Promise.race([provider.shutdown().catch(() => undefined), pause(CLOSE_MS)]),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
