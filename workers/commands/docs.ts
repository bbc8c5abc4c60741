/** `tocsin docs`: the catalogue of an installation, from its definitions. Needs no server. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogueOf } from '../catalogue/catalogue.ts';
import { catalogueMarkdown } from '../catalogue/catalogue-markdown.ts';
import { catalogueSvg } from '../catalogue/catalogue-svg.ts';
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit-code.ts';
import { type CommonOptions, output } from './session.ts';

export interface DocsCommand extends CommonOptions {
  /** Folder for page and diagram; default: the page on stdout, without a diagram. */
  readonly out?: string;
}

const DIAGRAM = 'catalogue.svg';

export function docs(options: DocsCommand): number {
  const catalogue = catalogueOf(loadConfig(options.configFile === undefined ? {} : { file: options.configFile }));
  if (options.out === undefined) {
    output(options, catalogue, catalogueMarkdown(catalogue, null).trimEnd());
    return EXIT.ok;
  }
  const files = {
    [join(options.out, 'catalogue.md')]: catalogueMarkdown(catalogue, DIAGRAM),
    [join(options.out, DIAGRAM)]: catalogueSvg(catalogue),
  };
  mkdirSync(options.out, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(file, text);
  output(options, { ...catalogue, files: Object.keys(files) }, Object.keys(files).join('\n'));
  return EXIT.ok;
}
