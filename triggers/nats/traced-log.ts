/** An events log whose events carry the trace they belong to: in their headers on the way in, as a span around their handling. */
import { SpanKind } from '@opentelemetry/api';
import { inSpan, traceHeaders } from '../in-span.ts';
import type { EventLog } from './port.ts';

/** Books, ledgers and dead letters are written as before: they are part of the handling. */
const isEvent = (subject: string): boolean => subject.startsWith('events.');

export const tracedLog = (log: EventLog): EventLog => ({
  ...log,
  publish: (subject, data, options = {}) => {
    if (!isEvent(subject)) return log.publish(subject, data, options);
    const attributes = { 'messaging.system': 'nats', 'messaging.destination.name': subject };
    return inSpan('store event', { kind: SpanKind.PRODUCER, attributes }, () =>
      log.publish(subject, data, { ...options, headers: { ...options.headers, ...traceHeaders() } }),
    );
  },
  consume: (options, handler) =>
    log.consume(options, (delivery) => {
      const attributes = {
        'messaging.system': 'nats',
        'messaging.destination.name': delivery.subject,
        'tocsin.stream': delivery.stream,
        'tocsin.sequence': delivery.sequence,
        'tocsin.delivery': delivery.deliveryCount,
      };
      return inSpan('decide event', { kind: SpanKind.CONSUMER, attributes, from: delivery.headers }, () =>
        handler(delivery),
      );
    }),
});
