/** `tocsin list`: what this installation knows: runbooks, triggers as they are defined, senders and targets. Needs no server. */
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import { runbookNames } from '../front-door.ts';
import { type CommonOptions, output } from './session.ts';
import { project } from '../project.ts';
import { scheduleDefinitions } from '../schedule-config.ts';

export function list(options: CommonOptions): number {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const answer = {
    runbooks: runbookNames(),
    triggers: project.triggers.map(
      ({ id, on, run, mode = 'auto', onResolved = 'cancel', onFailure = { kind: 'escalate' } }) => ({
        id,
        on: on.alertName ?? on.type,
        run,
        mode,
        onResolved,
        onFailure: onFailure.kind,
      }),
    ),
    schedules: scheduleDefinitions(config).map(({ id, region }) => ({ id, region })),
    windows: Object.keys(config.windows),
    limits: config.limits.map(({ name, scope }) => ({ name, scope })),
    senders: config.intake.senders.map(({ name, kind, auth }) => ({ name, kind, auth: auth.kind })),
    services: config.services.map(({ name, region }) => ({ name, region })),
    hosts: config.hosts.map(({ name, region }) => ({ name, region })),
    databases: config.postgres.map(({ name, region }) => ({ name, region })),
    clusters: config.kubernetes.map(({ name }) => name),
    regions: config.regions,
  };
  const text = [
    `regions   ${answer.regions.join(', ')}`,
    `runbooks  ${answer.runbooks.join(', ')}`,
    ...answer.triggers.map(
      ({ id, on, run, mode, onResolved, onFailure }) =>
        `trigger   ${id}: on ${on} run ${run} (mode: ${mode}, resolved: ${onResolved}, failure: ${onFailure})`,
    ),
    ...answer.schedules.map(({ id, region }) => `schedule  ${id} in ${region}`),
    ...answer.windows.map((name) => `window    ${name}`),
    ...answer.limits.map(({ name, scope }) => `limit     ${name}: per ${scope}`),
    ...answer.senders.map(({ name, kind, auth }) => `sender    /in/${name}: ${kind}, auth ${auth}`),
    ...answer.services.map(({ name, region }) => `service   ${name} in ${region}`),
    ...answer.hosts.map(({ name, region }) => `host      ${name} in ${region}`),
    ...answer.databases.map(({ name, region }) => `database  ${name} in ${region}`),
    ...answer.clusters.map((name) => `cluster   ${name}`),
  ];
  output(options, answer, text.join('\n'));
  return EXIT.ok;
}
