/**
 * What there is to say about a run afterwards, as markdown: seen, done, undone, and who answered what. A run keeps it in memory, which costs
 * no event; from outside it is made of a history. Pure.
 */
import { asJson, canonical } from './canonical.ts';
import type { RunContext } from './run-context.ts';

const SECTIONS = ['Seen', 'Done', 'Failed', 'Open', 'Undone', 'Left as it is', 'To do', 'Answers', 'Notes'] as const;
export type Section = (typeof SECTIONS)[number];

/** A report is a section for each of these at most: some 50 KB, far below what Temporal takes as a result. */
const MAX_LINES = 30;
const MAX_LINE = 200;
/** Why something failed, with the causes: whoever takes over needs it whole. */
const MAX_REASON = 400;
/** A link has room. */
const MAX_FACT = 1_000;

export interface ToldRun {
  readonly workflowId: string;
  readonly firstExecutionRunId: string;
  /** Name of the runbook. */
  readonly workflowType: string;
}

export type Fact = readonly [name: string, value: string | null];

export class PostMortem {
  readonly #run: ToldRun;
  readonly #context: RunContext | null;
  readonly #lines = new Map<Section, string[]>();
  #left = 0;

  /** `context`: null for a run that was not started by Tocsin. */
  constructor(run: ToldRun, context: RunContext | null) {
    this.#run = run;
    this.#context = context;
  }

  add(section: Section, text: string): void {
    const lines = this.#lines.get(section) ?? [];
    if (lines.length >= MAX_LINES) this.#left += 1;
    else this.#lines.set(section, [...lines, oneLine(text, section === 'Failed' ? MAX_REASON : MAX_LINE)]);
  }

  saw(title: string, result: unknown): void {
    this.add('Seen', `${title} ${canonical(asJson(result))}`);
  }

  /** `more`: facts that only somebody outside knows, such as how it ended. */
  markdown(more: readonly Fact[] = []): string {
    const { workflowId, firstExecutionRunId, workflowType } = this.#run;
    const service = this.#context?.service ?? null;
    const facts: readonly Fact[] = [
      ['run', `${workflowId} (${firstExecutionRunId})`],
      ...factsOf(this.#context),
      ...more,
    ];
    return [
      `# ${workflowType}${service === null ? '' : ` for ${oneLine(service)}`}`,
      '',
      ...facts.flatMap(([name, value]) => (value === null ? [] : [`- ${name}: ${oneLine(value, MAX_FACT)}`])),
      ...SECTIONS.flatMap((section) => sectionLines(section, this.#lines.get(section) ?? [])),
      ...(this.#left === 0 ? [] : ['', `${this.#left} more lines were left out; the history has them.`]),
    ].join('\n');
  }
}

function factsOf(context: RunContext | null): readonly Fact[] {
  if (context === null) return [];
  const { alertKey, service, region, trigger, event } = context;
  return [
    ['alert', alertKey],
    ['service', service],
    ['region', region],
    ['trigger', trigger ?? 'started by hand'],
    ['event', event === null ? null : `${event.stream} #${event.sequence}`],
    ...Object.entries(event?.links ?? {}),
  ];
}

const sectionLines = (section: Section, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `## ${section}`, '', ...lines.map((line) => `- ${line}`)];

/** Titles and results may hold foreign data: it stays on its line, and starts no markup of its own. */
const oneLine = (text: string, max: number = MAX_LINE): string => text.replaceAll(/[\r\n`<>]+/g, ' ').slice(0, max);
