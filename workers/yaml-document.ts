/** YAML with the places of its values, so that a problem is told with line and column. Never quotes the text: it may be a secret. */
import { LineCounter, isCollection, isMap, isScalar, parseDocument } from 'yaml';

export interface YamlDocument {
  readonly value: unknown;
  /** What is no YAML; with a place in front of each. */
  readonly problems: readonly string[];
  /** `line:column` of a JSON Pointer, or of the nearest part of it that is there; null for an empty document. */
  placeOf(pointer: string): string | null;
}

export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  // Pretty errors quote the line.
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, lineCounter: lines });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const problems = document.errors.map(({ message, pos }) => `${place(pos[0])} ${message}`);
  return {
    value: problems.length === 0 ? (document.toJS() ?? {}) : {},
    problems,
    placeOf: (pointer) => {
      const offset = offsetOf(document.contents, tokens(pointer));
      return offset === null ? null : place(offset);
    },
  };
}

const tokens = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

type Node = { readonly range?: readonly number[] | null } | null | undefined;

/** Of the key where there is one: that is what a reader looks for. */
function offsetOf(root: Node, path: readonly string[]): number | null {
  let offset = root?.range?.[0] ?? null;
  let node: unknown = root;
  for (const token of path) {
    if (!isCollection(node)) break;
    const pair = isMap(node)
      ? node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === token)
      : undefined;
    const next: unknown = pair === undefined ? node.get(isMap(node) ? token : Number(token), true) : pair.value;
    if (next === undefined) break;
    offset = ((pair?.key ?? next) as Node)?.range?.[0] ?? offset;
    node = next;
  }
  return offset;
}
