/** What authors of activities compose, in a repository of their own. */
export type { ActivityDependencies } from './index.ts';
export {
  createServiceActivities,
  type Observation,
  type Restarted,
  type RestartRequest,
  type ServiceActivities,
  type ServiceDependencies,
  type ServiceRequest,
} from './services.ts';
export type { AllowedTarget } from './allowed-target.ts';
export type { TargetRule } from './target-rule.ts';
export { type CommandHooks, type CommandRequest, type CommandResult, runCommand } from './command.ts';
export { fencingToken } from './fencing-token.ts';
export {
  type Http,
  type HttpAllow,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  createHttp,
} from './http.ts';
export { type Lineage, effectsAllowed, lineage, replyAttributes } from './effects.ts';
export type { CommandTreatment, ServiceTreatment, SystemdTreatment, TreatmentOf } from './service-treatment.ts';
export type { Inventory } from './inventory/inventory.ts';
export type { Selector } from './inventory/selector.ts';
export type { Target } from './inventory/target.ts';
export { idempotencyKey } from './idempotency-key.ts';
export { type Ssh, type SshHost, type SshOptions, type SshRequest, createSsh } from './ssh.ts';
export { type HostEntry, type HostOf, createHosts } from './ssh-hosts.ts';
export { type Systemd, type Unit, type UnitState, createSystemd } from './systemd.ts';
export { type Look, type Looks, look } from './look.ts';
export { permanent } from './permanent.ts';
