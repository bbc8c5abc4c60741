/**
 * One piece of work as a span of OpenTelemetry. Without an SDK in the process (workers/tracing.ts) the API does nothing and costs nothing
 * worth measuring.
 */
import { type Attributes, type SpanKind, SpanStatusCode, context, propagation, trace } from '@opentelemetry/api';

export interface SpanOptions {
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /** Headers that may carry the trace this work belongs to; default: the one that is active. */
  readonly from?: Readonly<Record<string, string>>;
}

/** The span fails when the work rejects. */
export function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const { kind, attributes, from } = options;
  const parent = from === undefined ? context.active() : propagation.extract(context.active(), from);
  return trace.getTracer('tocsin').startActiveSpan(name, { kind, attributes }, parent, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Headers with which work elsewhere goes on in the active trace; none without one. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}
