/** Sessions of a PostgreSQL database wait for a lock: the alert `PostgresBlocked` with a label that names the database. */
import { Type } from 'typebox';
import { alertType } from './event-type.ts';

export const postgresBlocked = alertType('PostgresBlocked', Type.Object({ database: Type.String({ minLength: 1 }) }));
