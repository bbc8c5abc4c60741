/** A target: something that runbooks may act on. Providers name targets, events only choose among them (R8). */

export interface Target {
  /** Unique within its region; what event data chooses by. */
  readonly id: string;
  /** `service`, `host`, ...: decides how it is treated. */
  readonly kind: string;
  /** What it is a part of; its own id when it is a service itself. */
  readonly service: string;
  readonly region: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Who named it. */
  readonly provider: string;
}

/** Parts of a target that selectors name like labels; no label may have such a name. */
export const TARGET_PARTS = ['id', 'kind', 'service', 'region', 'provider'] as const;

/** Safe as one argument of a command and as one segment of a path: no slash, no leading dash or dot. */
export const TARGET_ID = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$/;
export const TARGET_KIND = /^[a-z][a-z0-9-]{0,39}$/;
export const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_./-]{0,62}$/;
