/** Windows, holidays and freezes in `tocsin.yaml`: their form. What a window says is read by the calendar, which names what is wrong with it. */
import { Type } from 'typebox';

const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,39}$' });
const Named = <T extends Parameters<typeof Type.Record>[1]>(value: T) =>
  Type.Record(Name, value, { maxProperties: 200, default: {}, additionalProperties: false });

export const WINDOWS = {
  /** Stretches of local time in which steps may act: docs/windows.md. */
  windows: Named(Type.Unknown()),
  /** Lists of holidays, here or in a file: `{ dates, coversUntil }` or `{ file }`. */
  holidays: Named(Type.Unknown()),
  /** Stretches of absolute time in which windows that exclude them are closed. */
  freezes: Type.Array(Type.Unknown(), { maxItems: 1_000, default: [] }),
};
