/** A file system is about to be full: the alert of node_exporter's rules, with the labels that name the host and the mount point. */
import { Type } from 'typebox';
import { alertType } from './event-type.ts';

const Label = Type.String({ minLength: 1 });
export const diskFillingUp = alertType(
  'NodeFilesystemSpaceFillingUp',
  Type.Object({ instance: Label, mountpoint: Label }),
);
