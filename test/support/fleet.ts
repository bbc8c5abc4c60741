/** A fleet in twelve regions, in virtual time: its services, what was done to them and when, and orders of an operator. */
import assert from 'node:assert/strict';
import { Context } from '@temporalio/activity';
import { Temporal } from 'temporal-polyfill';
import { type Happening, type TestKit, openTestKit } from '../../workers/testing/index.ts';
import { ROLLOUT_UPDATE, type Steering } from '../../workflows/kit/rollout-message.ts';
import type * as runbooks from '../../workflows/index.ts';

export const ZONES = {
  auckland: 'Pacific/Auckland',
  sydney: 'Australia/Sydney',
  tokyo: 'Asia/Tokyo',
  singapore: 'Asia/Singapore',
  mumbai: 'Asia/Kolkata',
  dubai: 'Asia/Dubai',
  cairo: 'Africa/Cairo',
  berlin: 'Europe/Berlin',
  london: 'Europe/London',
  saopaulo: 'America/Sao_Paulo',
  newyork: 'America/New_York',
  vancouver: 'America/Vancouver',
} as const;
export const REGIONS = Object.keys(ZONES) as (keyof typeof ZONES)[];
const target = (region: string, id: string, fleet: string) => ({
  id,
  kind: 'service',
  service: id,
  region,
  labels: { patch: 'night', fleet },
});
/** Fleet `world` is everywhere, fleet `two` in two regions only. */
export const TARGETS = [
  ...REGIONS.flatMap((region) => ['a', 'b'].map((letter) => target(region, `${region}-${letter}`, 'world'))),
  ...['berlin', 'tokyo', 'london'].flatMap((region) =>
    ['x', 'y'].map((letter) => target(region, `${region}-${letter}`, 'small')),
  ),
  { ...target('berlin', 'berlin-z', 'small'), labels: { fleet: 'small' } },
  target('berlin', 'berlin-q', 'private'),
];

/** Nobody patches fleet `private`. */
const ALLOW = [{ runbook: 'patchFleet', targets: { fleet: ['world', 'small', 'nobody'] } }];

export interface Effect {
  readonly what: string;
  readonly service: string;
  /** Virtual, ms since 1970. */
  readonly at: number;
}

/** Services that answer; those of `sick` do not once they are patched. */
export function world({ sick = [], sickLater = [] }: { sick?: readonly string[]; sickLater?: readonly string[] } = {}) {
  const effects: Effect[] = [];
  const of = (what: string) => effects.filter((each) => each.what === what);
  const note = (what: string, service: string): void => {
    effects.push({ what, service, at: Context.current().info.currentAttemptScheduledTimestampMs });
  };
  const patched = (service: string): boolean =>
    effects.some((each) => each.what === 'restart' && each.service === service);
  const looks = new Map<string, number>();
  return {
    effects,
    of,
    activities: {
      observeService: ({ service }: { readonly service: string }) => {
        looks.set(service, (looks.get(service) ?? 0) + 1);
        const later = sickLater.includes(service) && (looks.get(service) ?? 0) > 2;
        const healthy = !(patched(service) && (sick.includes(service) || later));
        if (patched(service)) note('look', service);
        return {
          healthy,
          detail: healthy ? 'ok' : 'answered 503',
          invocation: patched(service) ? '2' : '1',
          rotation: true,
        };
      },
      takeOutOfRotation: ({ service }: { readonly service: string }) => note('out', service),
      putBackInRotation: ({ service }: { readonly service: string }) => note('back', service),
      patchService: ({ service }: { readonly service: string }) => {
        note('patch', service);
        return { patched: true };
      },
      restartUnit: ({ service }: { readonly service: string }) => {
        note('restart', service);
        return { restarted: true };
      },
    },
  };
}

const regionOf = (service: string): keyof typeof ZONES => service.split('-')[0] as keyof typeof ZONES;
/** By another library than ours. */
const local = (ms: number, service: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(ZONES[regionOf(service)]);
export const inItsNight = ({ at: ms, service }: Effect): boolean => {
  const { hour, minute } = local(ms, service);
  return hour >= 22 || hour * 60 + minute < 4 * 60;
};
export const regionsOf = (effects: readonly Effect[]): string[] => [
  ...new Set(effects.map(({ service }) => regionOf(service))),
];

export const order = (afterMs: number, given: Steering, refused?: RegExp): Happening => ({
  afterMs,
  to: async (handle) => {
    const update = handle.executeUpdate(ROLLOUT_UPDATE, { args: [{ by: 'ann', why: 'a drill', ...given }] });
    if (refused === undefined) await update;
    else await assert.rejects(update, ({ cause }: Error) => refused.test((cause as Error).message));
  },
});

export const openFleetKit = (): Promise<TestKit<typeof runbooks>> =>
  openTestKit<typeof runbooks>({
    regions: REGIONS,
    places: { windows: { 'night-patch': { times: ['22:00-04:00'] } }, zones: ZONES, targets: TARGETS, allow: ALLOW },
  });
