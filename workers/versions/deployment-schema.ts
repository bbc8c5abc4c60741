/** What `tocsin.yaml` may say about worker versioning: docs/versions.md. Absent: every worker takes every run. */
import { Type, type Static } from 'typebox';

export const DeploymentSchema = Type.Object(
  {
    /** All workers of one installation have the same. */
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$', default: 'tocsin' }),
    /** `pinned`: a run ends on the version it began on. `autoUpgrade`: it goes on with whichever is current. */
    behaviour: Type.Enum(['pinned', 'autoUpgrade'], { default: 'pinned' }),
  },
  { additionalProperties: false },
);

export type DeploymentConfig = Static<typeof DeploymentSchema>;
