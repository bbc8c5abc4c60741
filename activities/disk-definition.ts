/** What may be cleared from a disk, from the configuration only: an alert names a host and a mount point, never what is deleted there. */
import type { Selector } from './inventory/selector.ts';

export interface DiskDefinition {
  /** On which targets of kind `host`. */
  readonly targets: Selector;
  /** Mount point, as alerts name it. */
  readonly path: string;
  /** Percent used from which on it counts as full. */
  readonly fullAt: number;
  /** Applied one after another, until it is no longer full. */
  readonly clear: readonly ClearRule[];
}

export type ClearRule = PruneRule | JournalRule;

/** Deletes plain files of one directory and below, on its own file system; links are neither followed nor deleted. */
export interface PruneRule {
  readonly kind: 'prune';
  readonly name: string;
  /** Without links in its own path. */
  readonly directory: string;
  /** Pattern of the file's name: `*.log.*` */
  readonly files: string;
  /** Since the last change of the file's content. */
  readonly olderThanMs: number;
}

/** Deletes the oldest archived files of systemd's journal. */
export interface JournalRule {
  readonly kind: 'journal';
  readonly name: string;
  /** `200M`: what stays. */
  readonly keep: string;
}
