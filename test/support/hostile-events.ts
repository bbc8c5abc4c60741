/**
 * An alert event with every text that an event can have, and a way to put a hostile one into any of them. The fields are read from the schemas:
 * a field that is added there is a row of the tables here, or the sample below has to name it.
 */
import { randomUUID } from 'node:crypto';
import { AlertSchema } from '../../triggers/events/alert.ts';
import { CloudEventSchema } from '../../triggers/events/cloud-event.ts';

/** By what a reader calls it. Each would leave a file `canary` behind, were it anything but text. */
export const hostileTexts = (canary: string): Readonly<Record<string, string>> => ({
  ';': `x; touch ${canary}`,
  '$()': `$(touch ${canary})`,
  'a backtick': `\`touch ${canary}\``,
  'a newline': `x\ntouch ${canary}\nPUB events.eu.urgent.x.y 0\r\n`,
  NUL: `x\0touch ${canary}`,
  'a leading -': '-rf',
  '-oProxyCommand=': `-oProxyCommand=touch ${canary}`,
  '../': `../../../../${canary}`,
  '{{ }}': '{{ 7 * 7 }}',
  '${}': '${process.exit(7)}',
  'a quote of SQL': "'; drop table stock; --",
});

type Json = Record<string, unknown>;

const located = (value: string, from: string) => ({ value, from });

const SAMPLE: Json = {
  specversion: '1.0',
  id: 'id',
  source: 'tocsin:/in/ce',
  type: 'tocsin.alert.firing',
  subject: 'subject',
  time: '2026-01-01T00:00:00Z',
  datacontenttype: 'application/json',
  dataschema: 'https://example.com/alert',
  partitionkey: 'ce:ServiceDown:1',
  severitytext: 'critical',
  recordedtime: '2026-01-01T00:00:00Z',
  rawref: 'inline',
  data: {
    alertKey: 'ce:ServiceDown:1',
    status: 'firing',
    statusText: 'firing',
    name: 'ServiceDown',
    severity: { number: 21, text: 'critical' },
    time: {
      occurred: '2026-01-01T00:00:00Z',
      started: '2026-01-01T00:00:00Z',
      ended: '2026-01-01T00:00:00Z',
      received: '2026-01-01T00:00:00Z',
      original: { started: '2026-01-01T00:00:00Z' },
    },
    resource: { kind: 'service', id: 'checkout', name: 'checkout' },
    location: {
      cloud: located('aws', 'labels.cloud'),
      account: located('123', 'labels.account'),
      region: located('eu', 'labels.region'),
      zone: located('eu-1', 'labels.zone'),
      cluster: located('shop', 'labels.cluster'),
    },
    title: 'title',
    description: 'description',
    labels: { service: 'checkout' },
    annotations: { summary: 'summary' },
    links: {
      source: 'https://prometheus.example/graph',
      runbook: 'https://wiki.example/r',
      dashboard: 'https://grafana.example/d',
    },
    group: { key: 'key', size: 1, truncated: 0, reason: 'reason' },
    delivery: { id: 'delivery', attempt: 1 },
    raw: { sha256: '00', contentType: 'application/json', ref: 'inline' },
  },
};

/** Path of a text within the event: `data/labels/service`; with `#name` at its end the text is the name of that entry. */
export type Field = string;

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Texts of the sample, and the names of entries of its records. */
export function sampleFields(value: unknown = SAMPLE, path = ''): readonly Field[] {
  if (typeof value === 'string') return [path];
  if (!isRecord(value)) return [];
  const names = RECORDS.has(path) ? Object.keys(value).map((name) => `${path}/${name}#name`) : [];
  const inner = Object.entries(value).flatMap(([name, each]) => sampleFields(each, join(path, name)));
  return [...names, ...inner];
}

const RECORDS = new Set(['data/labels', 'data/annotations', 'data/time/original']);

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

/** Where the schemas of an alert event have a text; an entry of a record is `*`. Bytes as base64 are the one that no alert has. */
export function schemaFields(): readonly Field[] {
  const envelope = textsOf(CloudEventSchema as Schema, '').filter((field) => field !== 'data_base64');
  return [...envelope, ...textsOf(AlertSchema as Schema, 'data')];
}

function textsOf(schema: Schema, path: string): readonly Field[] {
  const own = schema.type === 'string' || typeof schema.const === 'string' || schema.enum !== undefined ? [path] : [];
  return [
    ...own,
    ...(schema.anyOf ?? []).flatMap((each) => textsOf(each, path)),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, each]) => textsOf(each, join(path, name))),
    ...Object.values(schema.patternProperties ?? {}).flatMap((each) => [
      `${path}/*#name`,
      ...textsOf(each, `${path}/*`),
    ]),
  ];
}

/** As `schemaFields` writes it. */
export function schemaFieldOf(field: Field): Field {
  const [record] = [...RECORDS].filter((each) => field.startsWith(`${each}/`));
  return record === undefined ? field : `${record}/*${field.endsWith('#name') ? '#name' : ''}`;
}

/** The sample with this text in this field. The alert key is told twice, and both have to agree. */
export function eventWith(field: Field, text: string): Json {
  // The server takes equal ids within a moment for copies.
  const event: Json = { ...structuredClone(SAMPLE), id: randomUUID() };
  // Another type is no alert.
  if (field === 'type') return { ...event, type: text, data: {} };
  put(event, field, text);
  if (field === 'data/alertKey') put(event, 'partitionkey', text);
  return event;
}

function put(event: Json, field: Field, text: string): void {
  const { parent, name, isName } = placeOf(event, field);
  if (!isName) parent[name] = text;
  else {
    parent[text] = parent[name];
    delete parent[name];
  }
}

/** The text that an event has there; undefined when it has none. */
export function textAt(event: Json, field: Field): unknown {
  const { parent, name, isName } = placeOf(event, field);
  return isName ? Object.keys(parent)[0] : parent[name];
}

function placeOf(
  event: Json,
  field: Field,
): { readonly parent: Json; readonly name: string; readonly isName: boolean } {
  const isName = field.endsWith('#name');
  const names = field.replace(/#name$/, '').split('/');
  const name = names.pop() ?? '';
  const parent = names.reduce((within, each) => within[each] as Json, event);
  return { parent, name, isName };
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);
