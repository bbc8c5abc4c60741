/**
 * What the configuration file says about approvals at this moment: looked at before each decision and read anew when it has changed, so that
 * a revoked key counts for nothing without a restart. While the file cannot be read nothing is decided: an older copy may hold the key.
 */
import { statSync } from 'node:fs';
import type { Logger } from 'pino';
import type { ApprovalSettings } from '../activities/approvals.ts';
import { approvalSettings } from './approvals-schema.ts';
import { type Config, loadConfig } from './config.ts';

export interface ApprovalRingOptions {
  /** As read at the start. */
  readonly config: Config;
  /** Null: there was none, so it cannot change. */
  readonly file: string | null;
  readonly logger: Pick<Logger, 'info' | 'error'>;
}

/** The answer throws, to be asked again, while the file is missing or has a fault anywhere. */
export function createApprovalRing({ config, file, logger }: ApprovalRingOptions): () => ApprovalSettings {
  let settings = approvalSettings(config.approvals);
  if (file === null) return () => settings;
  // Unknown at the start: the file may have changed since it was read.
  let [seen, told] = ['', ''];
  return () => {
    try {
      const state = stateOf(file);
      if (state === seen) return settings;
      settings = approvalSettings(loadConfig({ file }).approvals);
      if (seen !== '' || told !== '') logger.info({ file, keys: settings.keys.length }, 'the key ring was read anew');
      [seen, told] = [state, ''];
      return settings;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== told) logger.error({ file, problem: message }, 'the key ring cannot be read: no approval counts');
      told = message;
      throw new Error(`the key ring cannot be read, so no approval counts until it can: ${message}`, { cause: error });
    }
  };
}

/** Taken before the file is read: a change in between shows the next time. */
function stateOf(file: string): string {
  const { mtimeNs, ctimeNs, size, ino } = statSync(file, { bigint: true });
  return [mtimeNs, ctimeNs, size, ino].join(' ');
}
