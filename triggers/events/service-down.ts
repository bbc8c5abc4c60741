/** A service fails its health check: the alert `ServiceDown` with a label that names the service. */
import { Type } from 'typebox';
import { alertType } from './event-type.ts';

export const serviceDown = alertType('ServiceDown', Type.Object({ service: Type.String({ minLength: 1 }) }));
