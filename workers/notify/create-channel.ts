/** From configuration to a channel: secrets are read here, once, and addresses are checked before anything waits to be told. */
import type { Logger } from 'pino';
import { type Config, readSecret } from '../config.ts';
import { CommandError, EXIT } from '../exit-code.ts';
import type { Channel } from './channel.ts';
import { createEmailChannel } from './email.ts';
import { createPagerDutyChannel } from './pagerduty.ts';
import { createSlackChannel } from './slack.ts';
import type { SmtpServer } from './smtp.ts';
import { createWebhookChannel } from './webhook.ts';

export type ChannelConfig = Config['notify']['channels'][number];
type EmailConfig = Extract<ChannelConfig, { kind: 'email' }>;

export interface ChannelContext {
  /** Host and process that tells. */
  readonly instance: string;
  readonly logger: Logger;
}

const PAGERDUTY_URL = 'https://events.pagerduty.com/v2/enqueue';
const SMTP_PORTS = { starttls: 587, tls: 465, none: 25 } as const;

/** Rejects with exit code 2 when a secret is missing or an address is none. */
export const createChannel = (config: ChannelConfig, context: ChannelContext): Channel => ({
  ...channelOf(config, context),
  configured: config.name,
});

function channelOf(config: ChannelConfig, { instance, logger }: ChannelContext): Channel {
  switch (config.kind) {
    case 'webhook':
      return createWebhookChannel({ url: secretUrl(config.url), secret: optionalSecret(config.secret) });
    case 'slack':
      return createSlackChannel({ url: secretUrl(config.url) });
    case 'pagerduty':
      return createPagerDutyChannel({
        url: new URL(config.url ?? PAGERDUTY_URL),
        routingKey: readSecret(config.routingKey),
        source: instance,
      });
    case 'email':
      return createEmailChannel({ server: smtpServer(config), from: config.from, to: config.to, logger });
  }
}

/** An address that is a secret by itself: errors name the reference, not the value. */
export function secretUrl(reference: string): URL {
  const value = readSecret(reference);
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new CommandError(EXIT.refused, `secret ${reference} is no http or https address without user and password`);
  return url;
}

function smtpServer({ host, port, security = 'starttls', user, password, ca }: EmailConfig): SmtpServer {
  if ((user === undefined) !== (password === undefined))
    throw new CommandError(EXIT.refused, `e-mail by ${host} needs user and password, or neither`);
  return {
    host,
    port: port ?? SMTP_PORTS[security],
    security,
    login: user === undefined || password === undefined ? null : { user, password: readSecret(password) },
    ca: optionalSecret(ca),
  };
}

const optionalSecret = (reference: string | undefined): string | null =>
  reference === undefined ? null : readSecret(reference);
