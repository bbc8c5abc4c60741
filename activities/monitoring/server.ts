/** A Prometheus or an Alertmanager of this region, behind the allow-list of `http.ts`; and what their answers have in common. */
import type { Http, HttpRequest } from '../http.ts';
import { permanent } from '../permanent.ts';

export interface MonitoringServer {
  /** Without a slash at its end; may have a path. */
  readonly url: string;
  readonly http: Http;
  readonly bearer?: () => string;
}

/** Labels of an alert or of a series. */
export type LabelSet = Readonly<Record<string, string>>;

export interface MonitoringRequest extends Pick<HttpRequest, 'method' | 'headers' | 'body'> {
  readonly path: string;
}

const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const MAX_LABELS = 50;
const MAX_SHOWN = 300;

/** What a 2xx answered. Rejects permanently (`MonitoringRefused`) with any other 4xx than 408 and 429, retryably with the rest. */
export async function ask(name: string, server: MonitoringServer | null, request: MonitoringRequest): Promise<unknown> {
  if (server === null)
    throw permanent(
      'NotConfigured',
      `no ${name} is configured for this region; name it under monitoring in tocsin.yaml`,
    );
  const { http, bearer, url } = server;
  const { status, body } = await http.request({
    method: request.method,
    url: `${url}${request.path}`,
    headers: { ...request.headers, ...(bearer && { authorization: `Bearer ${bearer()}` }) },
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  if (status >= 200 && status < 300) return parsed(name, body);
  const message = `${name} answered ${status}, expected 2xx: ${body.slice(0, MAX_SHOWN)}`;
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) throw permanent('MonitoringRefused', message);
  throw new Error(message);
}

function parsed(name: string, body: string): unknown {
  if (body === '') return null;
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new Error(`${name} answered ${body.length} characters that are not JSON, or were cut`, { cause: error });
  }
}

/** `name="value"`, the value quoted: whatever stands in it stays text. */
export const matchersOf = (labels: LabelSet): string[] => {
  const entries = Object.entries(labels);
  const bad = entries.find(([name, value]) => !LABEL.test(name) || typeof value !== 'string');
  if (bad !== undefined || entries.length > MAX_LABELS)
    throw permanent(
      'BadLabels',
      `labels ${JSON.stringify(labels).slice(0, MAX_SHOWN)}: expected at most ${MAX_LABELS} names of letters, digits and _, each with a text`,
    );
  return entries.map(([name, value]) => `${name}="${quoted(value)}"`);
};

/** The escapes that both servers know; every other character stands for itself. */
const quoted = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
