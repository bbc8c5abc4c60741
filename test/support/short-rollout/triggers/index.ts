import { patchFleetTrigger } from '../../../../triggers/patch-fleet.ts';

export const triggers = [patchFleetTrigger];
