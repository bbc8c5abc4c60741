/** What `tocsin.yaml` may say. Every figure has its default and its unit here; unknown keys are refused, because a typing error is one. */
import { Type, type Static } from 'typebox';
import { TARGET_ID } from '../activities/inventory/target.ts';
import type { HostEntry } from '../activities/ssh-hosts.ts';
import type { ServiceTarget } from '../activities/service-treatment.ts';
import { GenericMappingSchema } from '../triggers/sources/generic-mapping.ts';
import { EncryptionSchema } from './encryption/encryption-schema.ts';
import { NATS_ACCESS } from './nats-config-schema.ts';
import { PRODUCTION } from './production-schema.ts';
import { ApprovalsSchema } from './approvals-schema.ts';
import { type InventoryConfig, InventorySchema, LabelsSchema, TREATMENT } from './inventory/inventory-schema.ts';
import { DisksSchema } from './disks-schema.ts';
import { AuthSchema, TlsSchema } from './auth-schema.ts';
import { KubernetesSchema } from './kubernetes-schema.ts';
import { LimitsSchema } from './limits/limits-schema.ts';
import { MonitoringSchema } from './monitoring-schema.ts';
import { ADDRESS } from './notify/email.ts';
import type { Region } from './regions.ts';
import { RegionsSchema } from './regions-schema.ts';
import { PostgresSchema } from './postgres-schema.ts';
import { RedButtonSchema } from './red-button/red-button-schema.ts';
import { ScheduleSchema } from './schedule-schema.ts';
import { SecretRef } from './secret-schema.ts';
import { DeploymentSchema } from './versions/deployment-schema.ts';
import { WINDOWS } from './windows/windows-schema.ts';
import { HostsSchema, SshSchema } from './ssh-schema.ts';

const Closed = <P extends Parameters<typeof Type.Object>[0]>(properties: P) =>
  Type.Object(properties, { additionalProperties: false, default: {} });
const Port = (port: number) => Type.Integer({ minimum: 1, maximum: 65_535, default: port });
/** More than nothing, and less than the 24 days after which a timer of the platform fires at once. */
const Duration = (text: string) =>
  Type.String({
    pattern:
      '^(?!0+(\\.0+)? ?[a-z])(\\d{1,8} ?ms|\\d{1,6}(\\.\\d+)? ?s|\\d{1,4}(\\.\\d+)? ?m|\\d{1,2}(\\.\\d+)? ?h|1?\\d ?d|2[0-3] ?d)$',
    default: text,
  });
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' });
const Address = Type.String({ pattern: ADDRESS });
/** By which `approvals.channels` names it. */
const CHANNEL_NAME = { name: Type.Optional(Name) };
const CHANNELS = [
  Closed({
    kind: Type.Literal('webhook'),
    ...CHANNEL_NAME,
    url: SecretRef,
    /** Signs each message as Standard Webhooks says. */
    secret: Type.Optional(SecretRef),
  }),
  Closed({ kind: Type.Literal('slack'), ...CHANNEL_NAME, url: SecretRef }),
  Closed({
    kind: Type.Literal('pagerduty'),
    ...CHANNEL_NAME,
    routingKey: SecretRef,
    /** Default: https://events.pagerduty.com/v2/enqueue. */
    url: Type.Optional(Type.String({ pattern: '^https?://' })),
  }),
  Closed({
    kind: Type.Literal('email'),
    ...CHANNEL_NAME,
    host: Type.String({ pattern: '^[A-Za-z0-9.:-]{1,253}$' }),
    /** Default: 465 for `tls`, 587 for `starttls`, 25 for `none`. */
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    /** Default: `starttls`, which a server must then offer. */
    security: Type.Optional(Type.Enum(['starttls', 'tls', 'none'])),
    user: Type.Optional(Type.String({ minLength: 1 })),
    password: Type.Optional(SecretRef),
    /** PEM of an authority of your own. */
    ca: Type.Optional(SecretRef),
    from: Address,
    to: Type.Array(Address, { minItems: 1, maxItems: 50 }),
  }),
] as const;
/** Defaults of a channel are told here and set where it is made: a schema that depends on `kind` can have none. */
const ChannelSchema = Type.Unsafe<Static<(typeof CHANNELS)[number]>>({
  type: 'object',
  required: ['kind'],
  discriminator: { propertyName: 'kind' },
  oneOf: CHANNELS,
});

export const ConfigSchema = Type.Object(
  {
    ...PRODUCTION,
    /** Data of embedded servers, lock, caches; relative to the working directory. */
    dataDir: Type.String({ minLength: 1, default: '.tocsin' }),
    /** Failure domains: each has its own streams and its own activity workers. The first is where `tocsin intake` stores by default. */
    regions: RegionsSchema,
    nats: Closed({
      /** Port of the embedded server, used while NATS_URL is not set. */
      port: Port(4222),
      replicas: Type.Integer({ minimum: 1, maximum: 5, default: 1 }),
      /** Its monitoring port, which alone tells whether every write is synced: `tocsin doctor` and profile `production` look there. */
      monitorUrl: Type.Optional(Type.String({ pattern: '^https?://' })),
      /** A copy sent again within it is dropped by the server. At most `trigger.reorderBound`. */
      duplicateWindow: Duration('10s'),
      ...NATS_ACCESS,
    }),
    temporal: Closed({
      /** Ports of the embedded server, used while TEMPORAL_ADDRESS is not set. */
      port: Port(7233),
      uiPort: Port(8233),
      namespace: Type.String({ minLength: 1, default: 'default' }),
      /** Where operators open the web UI of an existing cluster. */
      uiUrl: Type.Optional(Type.String({ pattern: '^https?://' })),
    }),
    intake: Closed({
      host: Type.String({ default: '127.0.0.1' }),
      port: Port(8484),
      /** Bytes of one request. */
      maxBodyBytes: Type.Integer({ minimum: 1_024, maximum: 67_108_864, default: 4_194_304 }),
      bodyTimeout: Duration('10s'),
      maxConcurrent: Type.Integer({ minimum: 1, maximum: 10_000, default: 64 }),
      tls: Type.Optional(TlsSchema),
      senders: Type.Array(
        Closed({
          /** Its address is `/in/<name>`. */
          name: Name,
          kind: Type.String({ minLength: 1 }),
          /** For kind `generic` only: where the facts stand in this sender's JSON. */
          mapping: Type.Optional(GenericMappingSchema),
          /** Zone of its times that are written without an offset, such as `Europe/Berlin`. Default: those are refused. */
          zone: Type.Optional(Type.String({ minLength: 1 })),
          auth: AuthSchema,
          /** Answer 2xx to what can never work and keep it as a dead letter. Default: true with auth `oidc`, for Pub/Sub. */
          quarantine: Type.Optional(Type.Boolean()),
        }),
        {
          default: [
            { name: 'alertmanager', kind: 'alertmanager', auth: { kind: 'none' } },
            { name: 'events', kind: 'cloudevents', auth: { kind: 'none' } },
          ],
        },
      ),
    }),
    health: Closed({
      host: Type.String({ default: '127.0.0.1' }),
      port: Port(8485),
    }),
    trigger: Closed({
      /** A firing this soon after a resolve is late rather than new, unless it brings newer evidence. */
      reorderBound: Duration('10s'),
      maxInFlight: Type.Integer({ minimum: 1, maximum: 1_000, default: 64 }),
      ackWait: Duration('30s'),
      /** Starts of alerts that waited too long (docs/triggers-in-time.md), at most, in each region's process. */
      catchUpPerMinute: Type.Integer({ minimum: 1, maximum: 60_000, default: 60 }),
    }),
    loops: Closed({
      /** A run may have caused what happens within this time after its start. */
      within: Duration('10m'),
    }),
    redButton: RedButtonSchema,
    sweeper: Closed({
      every: Duration('15s'),
      /** How far back closed runs are looked at; longer than any outage that must not hide a failed run. */
      window: Duration('24h'),
    }),
    worker: Closed({
      maxCachedWorkflows: Type.Integer({ minimum: 0, default: 500 }),
      maxActivities: Type.Integer({ minimum: 1, default: 50 }),
      shutdownGrace: Duration('30s'),
    }),
    /** Worker versioning: docs/versions.md. Absent: none. */
    deployment: Type.Optional(DeploymentSchema),
    /** What runbooks may act on. Events choose among these by name. */
    services: Type.Array(
      Closed({
        name: Type.String({ pattern: TARGET_ID.source }),
        region: Name,
        labels: Type.Optional(LabelsSchema),
        ...TREATMENT,
      }),
      { default: [] },
    ),
    /** How hosts are reached: docs/ssh.md. Absent: no host is. */
    ssh: Type.Optional(SshSchema),
    hosts: HostsSchema,
    /** What may be deleted from which of their disks: docs/runbooks/clearDisk.md. */
    disks: DisksSchema,
    /** Databases that runbooks may act on: docs/runbooks/killBlockers.md. */
    postgres: PostgresSchema,
    /** By region, whom activities ask: docs/monitoring.md. */
    monitoring: MonitoringSchema,
    /** Points in time that become events: docs/schedules.md. */
    schedules: Type.Array(ScheduleSchema, { default: [] }),
    ...WINDOWS,
    /** More targets than those, by providers, and who may act upon which. */
    inventory: InventorySchema,
    http: Closed({
      /** Origins that activities may call. */
      allow: Type.Array(
        Closed({ origin: Type.String({ pattern: '^https?://' }), private: Type.Optional(Type.Boolean()) }),
        { default: [] },
      ),
    }),
    /** Whom to tell what needs a human. */
    notify: Closed({
      channels: Type.Array(ChannelSchema, { maxItems: 20, default: [] }),
      /** Messages per channel; what comes faster is told in one message. */
      perMinute: Type.Integer({ minimum: 1, maximum: 600, default: 20 }),
      /** Notices of the same matter within it are one, and counted. */
      dedup: Duration('10m'),
      /** What no event and no run tells: looked at again and again. */
      watch: Closed({
        every: Duration('30s'),
        /** An event that waits for longer is told. */
        oldestEvent: Duration('5m'),
        /** A server's clock that differs by more is told. */
        clockSkew: Duration('2s'),
      }),
      /** A dead man's switch outside, called while every part of the trigger process is ready. */
      heartbeat: Type.Optional(
        Type.Object(
          { url: SecretRef, every: Type.String({ pattern: '^[1-9]\\d{0,4} ?(s|m|h)$', default: '1m' }) },
          { additionalProperties: false },
        ),
      ),
    }),
    /** Who may approve, and how they are asked. */
    approvals: ApprovalsSchema,
    /** Clusters that activities may ask: docs/kubernetes.md. */
    kubernetes: KubernetesSchema,
    /** How many steps may act at once, and when none may: docs/limits.md. */
    limits: LimitsSchema,
    /** Absent: Temporal stores everything in clear. */
    encryption: Type.Optional(EncryptionSchema),
    log: Closed({ level: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info' }) }),
  },
  { additionalProperties: false },
);

export type Config = Omit<Static<typeof ConfigSchema>, 'services' | 'hosts' | 'inventory' | 'regions'> & {
  /** Names of the regions, in their order. */
  readonly regions: readonly string[];
  /** The same regions with all that is said about them. */
  readonly places: readonly Region[];
  readonly services: readonly ServiceTarget[];
  readonly hosts: readonly HostEntry[];
  readonly inventory: InventoryConfig;
};
