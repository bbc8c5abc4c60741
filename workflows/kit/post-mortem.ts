/** What a run can say about itself afterwards, as markdown: seen, done, undone, and who answered what. Kept in memory; costs no event. */
import { workflowInfo } from '@temporalio/workflow';
import { asJson, canonical } from './canonical.ts';
import type { RunContext } from './run-context.ts';

type Section = 'Seen' | 'Done' | 'Undone' | 'Answers' | 'Notes';
const SECTIONS: readonly Section[] = ['Seen', 'Done', 'Undone', 'Answers', 'Notes'];

/** A report is 5 sections of these at most: some 30 KB, far below what Temporal takes as a result. */
const MAX_LINES = 30;
const MAX_LINE = 200;

export class PostMortem {
  readonly #context: RunContext;
  readonly #lines = new Map<Section, string[]>();
  #left = 0;

  constructor(context: RunContext) {
    this.#context = context;
  }

  add(section: Section, text: string): void {
    const lines = this.#lines.get(section) ?? [];
    if (lines.length >= MAX_LINES) this.#left += 1;
    else this.#lines.set(section, [...lines, oneLine(text)]);
  }

  saw(title: string, result: unknown): void {
    this.add('Seen', `${title} ${canonical(asJson(result))}`);
  }

  markdown(): string {
    const { workflowId, firstExecutionRunId, workflowType } = workflowInfo();
    const { alertKey, service, region, trigger, event } = this.#context;
    const facts = [
      ['run', `${workflowId} (${firstExecutionRunId})`],
      ['alert', alertKey],
      ['service', service],
      ['region', region],
      ['trigger', trigger ?? 'started by hand'],
      ['event', event === null ? null : `${event.stream} #${event.sequence}`],
    ] as const;
    return [
      `# ${workflowType}${service === null ? '' : ` for ${oneLine(service)}`}`,
      '',
      ...facts.flatMap(([name, value]) => (value === null ? [] : [`- ${name}: ${oneLine(value)}`])),
      ...SECTIONS.flatMap((section) => sectionLines(section, this.#lines.get(section) ?? [])),
      ...(this.#left === 0 ? [] : ['', `${this.#left} more lines were left out; the history has them.`]),
    ].join('\n');
  }
}

const sectionLines = (section: Section, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `## ${section}`, '', ...lines.map((line) => `- ${line}`)];

/** Titles and results may hold foreign data: it stays on its line, and starts no markup of its own. */
const oneLine = (text: string): string => text.replaceAll(/[\r\n`<>]+/g, ' ').slice(0, MAX_LINE);
