/** Every role in one process, on servers that are there: what consumes first, then what lets events in. */
import { openLog, openTemporal } from '../connect.ts';
import { refuseDevServer } from '../production.ts';
import { provisionSearchAttributes, provisionStreams } from '../provision.ts';
import { uiUrlOf } from '../run-link.ts';
import { type Story, createStory, sayer } from '../story.ts';
import { keepAccess } from '../temporal-access.ts';
import { promoteOwn } from '../versions/promote-own.ts';
import { startIntakeRole } from './intake-role.ts';
import type { RoleContext } from './role-context.ts';
import { startTriggerRole } from './trigger-role.ts';
import { startWorkerRole } from './worker-role.ts';

export async function startAllRoles(
  context: RoleContext,
  json: boolean,
): Promise<{ readonly story: Story; readonly intakeUrl: string }> {
  const { config, health, instance } = context;
  const say = sayer(json);
  const temporal = await openTemporal(config, context);
  await refuseDevServer(config, temporal);
  const access = keepAccess(context, temporal);
  const log = await openLog(config, 'all', `tocsin up ${instance}`, context);
  await provisionStreams(config, log, say);
  await provisionSearchAttributes(temporal, say);
  const uiUrl = uiUrlOf(config);
  const story = createStory({ client: temporal.client, namespace: temporal.namespace, uiUrl, json });
  await startWorkerRole(context, { temporal, access, log, runbooks: true, regions: config.regions });
  await promoteOwn(context, temporal);
  // A version is given runs by its cluster's rules, which a task handed over at once would go around.
  const eager = config.deployment === undefined;
  await startTriggerRole(context, {
    regions: config.regions,
    log,
    temporal,
    access,
    eager,
    onRecorded: story.recorded,
  });
  const [region = ''] = config.regions;
  const intakeUrl = await startIntakeRole(context, { region, log, onStored: story.stored });
  health.started();
  story.say('tocsin', `workers for ${config.regions.join(', ')}, triggers and intake are up`);
  if (uiUrl !== null) story.say('tocsin', `Temporal UI: ${uiUrl}`);
  return { story, intakeUrl };
}
