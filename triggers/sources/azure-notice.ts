/** What Azure Monitor tells without any alert: a budget's threshold without the common schema, and what autoscale has done. Neither has an end. */
import type { AlertResult } from '../events/alert-event.ts';
import { plainEvent } from '../events/plain-event.ts';
import { type Json, isObject, textAt, textOf } from './read.ts';
import type { SourceRequest } from './source.ts';

/** Null when it is none of them. */
export function azureNotice(request: SourceRequest, body: Json): AlertResult | null {
  if (isBudget(body)) return budget(request, body);
  return isAutoscale(body) ? autoscale(request, body) : null;
}

export const isNotice = (body: Json): boolean => isBudget(body) || isAutoscale(body);

const isBudget = (body: Json): boolean => textOf(body['schemaId'])?.toLowerCase() === 'aip budget notification';

/** It looks like a classic alert, but for what it has done. */
const isAutoscale = ({ operation, context }: Json): boolean =>
  textOf(operation) !== null && isObject(context) && 'newCapacity' in context;

function budget(request: SourceRequest, body: Json): AlertResult {
  const data = isObject(body['data']) ? body['data'] : {};
  return plainEvent(request, {
    name: 'azure.budget',
    identity: [request.rawSha256],
    subject: textOf(data['BudgetName']),
    data,
  });
}

function autoscale(request: SourceRequest, body: Json): AlertResult {
  const context = isObject(body['context']) ? body['context'] : {};
  return plainEvent(request, {
    name: 'azure.autoscale',
    identity: [textOf(context['id']), body['operation'], textOf(context['timestamp']) ?? request.rawSha256],
    occurred: textAt(context['timestamp'], '/context/timestamp'),
    subject: textOf(context['resourceId']) ?? textOf(context['resourceName']),
    data: body,
  });
}
