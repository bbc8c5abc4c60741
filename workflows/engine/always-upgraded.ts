/**
 * Options of workflows that outlive a roll-out: they go on with the newest code instead of waiting for workers that have been taken away.
 * Nothing is said where workers carry no version: the server refuses a behaviour from those.
 */
import type { WorkflowDefinitionOptions } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';

export const alwaysUpgraded = (): WorkflowDefinitionOptions =>
  workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {};
