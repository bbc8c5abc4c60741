/** Whether a text is well-formed XML, as far as drawings use it: one root, tags that match, attributes once each, nothing that has to be escaped. */
import assert from 'node:assert/strict';

const NAME = String.raw`[A-Za-z][\w:-]*`;
const TAG = new RegExp(String.raw`<(/?)(${NAME})((?:\s+${NAME}="[^"<]*")*)\s*(/?)>`, 'y');
const TEXT = /(?:[^<&]|&(?:amp|lt|gt|quot);)+/y;
const UNSAYABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

export function assertWellFormed(xml: string): void {
  assert.doesNotMatch(xml, UNSAYABLE);
  const open: string[] = [];
  let [at, roots] = [0, 0];
  const taken = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(xml);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < xml.length) {
    const tag = taken(TAG);
    if (tag === null) {
      assert.ok(taken(TEXT) !== null, `not well-formed at ${at}: ${xml.slice(at, at + 60)}`);
      continue;
    }
    const [, closes, name = '', attributes = '', empty] = tag;
    const names = [...attributes.matchAll(new RegExp(`(${NAME})="([^"]*)"`, 'g'))].map(([, each]) => each);
    assert.equal(new Set(names).size, names.length, `an attribute twice: ${tag[0]}`);
    assert.doesNotMatch(attributes, /&(?!(?:amp|lt|gt|quot);)/);
    if (open.length === 0) roots += 1;
    if (closes === '/') assert.equal(open.pop(), name, `</${name}> at ${at}`);
    else if (empty !== '/') open.push(name);
  }
  assert.deepEqual([open, roots], [[], 1]);
}
