/** A node whose kubelet does not say that it is ready: the alert `KubeNodeNotReady` of the kubernetes-mixin rules. */
import { Type } from 'typebox';
import { alertType } from './event-type.ts';

export const nodeNotReady = alertType(
  'KubeNodeNotReady',
  Type.Object({ node: Type.String({ minLength: 1 }), condition: Type.Optional(Type.String()) }),
);
