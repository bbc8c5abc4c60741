/** An intake on a port of its own, closed when the test ends, and requests to it. */
import type { TestContext } from 'node:test';
import { pino } from 'pino';
import type { Auth } from '../../triggers/intake/auth.ts';
import { type Intake, type IntakeOptions, createIntake } from '../../triggers/intake/intake.ts';
import { sources } from '../../triggers/sources/index.ts';
import type { Rejection } from '../../triggers/sources/source.ts';
import { freePort } from '../../workers/servers/server-process.ts';
import { KNOWN_TYPES, REGION } from './read-request.ts';

export type Body = NonNullable<RequestInit['body']>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly accepted?: number;
    readonly duplicates?: number;
    readonly rejected?: readonly Rejection[];
    readonly error?: { readonly reason: string; readonly place: string; readonly message: string };
  };
}

export interface TestIntake extends Intake {
  readonly url: string;
  post(sender: string, body: Body, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

export const TOKENS = ['token-that-is-in-use-now', 'token-that-is-coming-next'] as const;
const none: Auth = { kind: 'none' };
const limits = { maxBodyBytes: 2_000_000, bodyTimeoutMs: 10_000, maxConcurrent: 64 };

/** Senders: `am` and `ce` are open, `guarded` is an Alertmanager with two tokens. */
export function intakeOptions(log: IntakeOptions['log'], changes: Partial<IntakeOptions> = {}): IntakeOptions {
  const source = (kind: string) => sources.get(kind) ?? fail(kind);
  return {
    senders: [
      { name: 'am', source: source('alertmanager'), auth: none },
      { name: 'ce', source: source('cloudevents'), auth: none },
      { name: 'guarded', source: source('alertmanager'), auth: { kind: 'bearer', secrets: TOKENS } },
    ],
    log,
    region: REGION,
    knownTypes: KNOWN_TYPES,
    host: '127.0.0.1',
    port: 0,
    limits,
    logger: pino({ level: 'silent' }),
    ...changes,
  };
}

export async function startIntake(
  test: Pick<TestContext, 'after'>,
  log: IntakeOptions['log'],
  changes: Partial<IntakeOptions> = {},
): Promise<TestIntake> {
  const intake = createIntake(intakeOptions(log, { port: await freePort(), ...changes }));
  const { url } = await intake.listen();
  test.after(() => intake.close());
  return { ...intake, url, post: (sender, body, headers = {}) => send(`${url}/in/${sender}`, { body, headers }) };
}

export async function send(url: string, init: RequestInit): Promise<Answer> {
  const withType = { 'content-type': 'application/json', ...(init.headers as Record<string, string>) };
  const response = await fetch(url, { method: 'POST', ...init, headers: withType });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Answer['body'] };
}

const fail = (kind: string): never => {
  throw new Error(`no source of kind ${kind}`);
};
