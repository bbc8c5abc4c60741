/** The blocks of a page of docs that are to be run, in order. */

export interface Block {
  readonly kind: 'run' | 'background' | 'file';
  readonly text: string;
  /** For `file`: where it goes. */
  readonly file?: string;
  /** Run again until the output has this. */
  readonly eventually?: string;
  /** Command that has to be installed; where it is not, readers leave the block out. */
  readonly needs?: string;
}

/** Blocks of `sh` are commands, blocks with `file=` are files; others are for reading. */
export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+)([^\n]*)\n([\s\S]*?)^```$/gm)].flatMap(
    ([, language, info = '', text = '']): Block[] => {
      const file = /file=(\S+)/.exec(info)?.[1];
      if (file !== undefined) return [{ kind: 'file', text, file }];
      if (language !== 'sh') return [];
      const [eventually, needs] = [/eventually=(\S+)/, /needs=(\S+)/].map((name) => name.exec(info)?.[1]);
      const needed = needs === undefined ? {} : { needs };
      if (info.includes('background')) return [{ kind: 'background', text, ...needed }];
      return [{ kind: 'run', text, ...needed, ...(eventually === undefined ? {} : { eventually }) }];
    },
  );
}
