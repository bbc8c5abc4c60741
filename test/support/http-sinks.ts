/** Servers that say what they were asked, and what has to be so of it: for the table of hostile texts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { createAlertmanagerActivities } from '../../activities/alertmanager.ts';
import { createHttp } from '../../activities/http.ts';
import { createPrometheusActivities } from '../../activities/prometheus.ts';

/** Both reject when one of the texts is more than text to the server, or leaves where it has to be refused. */
export interface HttpSinks {
  /** Prometheus and Alertmanager. */
  monitoring(texts: readonly string[]): Promise<void>;
  /** What a request may carry besides its query: segments of its path, headers, its body; and addresses that were joined from parts. */
  pathHeaderBody(texts: readonly string[]): Promise<void>;
  stop(): void;
}

export async function startHttpSinks(): Promise<HttpSinks> {
  const asked: Asked[] = [];
  const echo = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url, headers } = request;
      response.end(JSON.stringify({ url, headers, body: Buffer.concat(chunks).toString() }));
    });
  });
  const http = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://here');
      asked.push({ filters: url.searchParams.getAll('filter'), form: new URLSearchParams(body) });
      response.end(url.pathname === '/api/v1/query' ? '{"data":{"resultType":"vector","result":[]}}' : '[]');
    });
  });
  for (const server of [http, echo]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const urlOf = (server: typeof http): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    monitoring: (texts) => seenByMonitoring(urlOf(http), asked, texts),
    pathHeaderBody: (texts) => seenByEcho(urlOf(echo), texts),
    stop: () => {
      for (const server of [http, echo]) server.close();
    },
  };
}

interface Asked {
  readonly filters: readonly string[];
  readonly form: URLSearchParams;
}

async function seenByMonitoring(url: string, asked: readonly Asked[], texts: readonly string[]): Promise<void> {
  const client = createHttp({ allow: [{ origin: url, private: true }] });
  const { observeAlert } = createAlertmanagerActivities({ alertmanager: { url, http: client } });
  const { queryPrometheus } = createPrometheusActivities({ prometheus: { url, http: client } });
  for (const text of texts) {
    await observeAlert({ labels: { alertname: 'ServiceDown', service: text } });
    const [name, service] = asked.at(-1)?.filters ?? [];
    assert.deepEqual([name, unquoted(service)], ['alertname="ServiceDown"', text]);
    await queryPrometheus({ query: 'up{$labels}', labels: { service: text } });
    const query = asked.at(-1)?.form.get('query') ?? '';
    assert.equal(unquoted(/^up\{(.*)\}$/s.exec(query)?.[1]), text);
    const before = asked.length;
    await refused(observeAlert({ labels: { alertname: 'ServiceDown', [text]: 'x' } }), 'BadLabels');
    await refused(client.request({ method: 'GET', url: text }), 'HttpRefused');
    assert.equal(asked.length, before);
  }
}

async function seenByEcho(url: string, texts: readonly string[]): Promise<void> {
  const { request } = createHttp({ allow: [{ origin: url, private: true }] });
  for (const text of texts) {
    const body = JSON.stringify({ text });
    const heard = read(await request({ method: 'POST', url: `${url}/v1`, path: [text, 'state'], body }));
    const [, version, segment, state, ...more] = (heard.url ?? '').split('/');
    assert.deepEqual([version, decodeURIComponent(segment ?? ''), state, more], ['v1', text, 'state', []]);
    assert.equal(heard.body, body);
    const withHeader = request({ method: 'GET', url, headers: { 'x-text': text } });
    if (/[\0\r\n]/.test(text)) await refused(withHeader, 'HttpRefused');
    else {
      const { headers } = read(await withHeader);
      assert.equal(headers['x-text'], text);
      assert.deepEqual(Object.keys(headers).toSorted(), ['connection', 'host', 'x-text']);
    }
    await refused(request({ method: 'GET', url, headers: { [`x ${text}`]: 'x' } }), 'HttpRefused');
    const joined = request({ method: 'GET', url: `${url}/v1/${text}/state` });
    if (/[\0\r\n]|\.\.\//.test(text)) await refused(joined, 'HttpRefused');
    else assert.equal(decodeURIComponent(read(await joined).url ?? ''), `/v1/${text}/state`);
  }
}

const read = ({ body }: { readonly body: string }) =>
  JSON.parse(body) as {
    readonly url?: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };

/** The value of a matcher, read as Prometheus and Alertmanager read it. */
function unquoted(matcher = ''): string {
  const quoted = /^service="((?:[^"\\\n]|\\.)*)"$/s.exec(matcher)?.[1] ?? assert.fail(`no matcher: ${matcher}`);
  return quoted.replaceAll(/\\(.)/gs, (_all, char: string) => (char === 'n' ? '\n' : char));
}

export async function refused(work: Promise<unknown>, type: string): Promise<void> {
  await assert.rejects(
    work,
    (error) => error instanceof ApplicationFailure && error.type === type && error.nonRetryable === true,
  );
}
