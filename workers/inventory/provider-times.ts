/** The times of a provider, with the defaults of its kind. */
import ms, { type StringValue } from 'ms';
import type { ProviderConfig } from './inventory-schema.ts';

export interface ProviderTimes {
  readonly refreshMs: number;
  readonly maxAgeMs: number;
  readonly timeoutMs: number;
}

const DEFAULTS = {
  file: { refresh: '5s', timeout: '10s' },
  command: { refresh: '1m', timeout: '30s' },
  http: { refresh: '1m', timeout: '10s' },
} as const;
const MAX_AGE = '1h';

export function providerTimes(provider: ProviderConfig): ProviderTimes {
  const { refresh, timeout } = DEFAULTS[provider.kind];
  return {
    refreshMs: toMs(provider.refresh ?? refresh),
    maxAgeMs: toMs(provider.maxAge ?? MAX_AGE),
    timeoutMs: toMs(('timeout' in provider ? provider.timeout : undefined) ?? timeout),
  };
}

/** Durations are checked when the configuration is loaded. */
const toMs = (text: string): number => ms(text as StringValue);
