/** What `redButton` may say in the configuration. */
import { Type } from 'typebox';

export const RedButtonSchema = Type.Object(
  {
    /** Stop file of this host; relative to the data directory. While it is there, it stops what it names, or everything. */
    file: Type.String({ minLength: 1, default: 'STOP' }),
    /** A worker that has not seen the control record for this long stops effects. `never`, in words, is the only way to switch that off. */
    failClosedAfter: Type.String({
      pattern: '^(never|[1-9]\\d{0,5} ?(ms|s)|[1-9]\\d{0,3} ?m|[1-9]\\d? ?h)$',
      default: '30s',
    }),
  },
  { additionalProperties: false, default: {} },
);
