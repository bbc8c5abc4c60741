/** `tocsin list`: what this installation knows: runbooks, triggers, senders and targets. Needs no server. */
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import { runbookNames } from '../front-door.ts';
import { type CommonOptions, output } from './session.ts';
import { project } from '../project.ts';

export function list(options: CommonOptions): number {
  const config = loadConfig(options.configFile === undefined ? {} : { file: options.configFile });
  const answer = {
    runbooks: runbookNames(),
    triggers: project.triggers.map(({ id, on, run, onResolved = 'cancel', onFailure = { kind: 'escalate' } }) => ({
      id,
      on: on.alertName ?? on.type,
      run,
      onResolved,
      onFailure: onFailure.kind,
    })),
    senders: config.intake.senders.map(({ name, kind, auth }) => ({ name, kind, auth: auth.kind })),
    services: config.services.map(({ name, region }) => ({ name, region })),
    hosts: config.hosts.map(({ name, region }) => ({ name, region })),
    databases: config.postgres.map(({ name, region }) => ({ name, region })),
    regions: config.regions,
  };
  const text = [
    `regions   ${answer.regions.join(', ')}`,
    `runbooks  ${answer.runbooks.join(', ')}`,
    ...answer.triggers.map(
      ({ id, on, run, onResolved, onFailure }) =>
        `trigger   ${id}: on ${on} run ${run} (resolved: ${onResolved}, failure: ${onFailure})`,
    ),
    ...answer.senders.map(({ name, kind, auth }) => `sender    /in/${name}: ${kind}, auth ${auth}`),
    ...answer.services.map(({ name, region }) => `service   ${name} in ${region}`),
    ...answer.hosts.map(({ name, region }) => `host      ${name} in ${region}`),
    ...answer.databases.map(({ name, region }) => `database  ${name} in ${region}`),
  ];
  output(options, answer, text.join('\n'));
  return EXIT.ok;
}
