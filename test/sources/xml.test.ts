import { expect, test } from 'vitest';

import { childrenNamed, readXml, textAt } from '../../src/sources/xml.ts';
import { file, refusal } from './given.ts';

const read = (text: string, roots = ['root']) => readXml(file('a.xml', text), text, roots);

test('elements keep their attributes, their own text and their line', () => {
  const root = read(
    '<?xml version="1.0"?>\n<!DOCTYPE root SYSTEM "x.dtd">\n<root a="1">\n t <b>x</b>\n<b>y&amp;z</b></root>',
  );
  expect(root.line).toBe(3);
  expect(root.attributes.get('a')).toBe('1');
  expect(root.text).toBe('t');
  expect(childrenNamed(root, 'b').map(({ text, line }) => [text, line])).toEqual([
    ['x', 4],
    ['y&z', 5],
  ]);
  expect(textAt(root, 'b')).toBe('x');
  expect(textAt(root, 'b/c')).toBeUndefined();
});

test('entities that a document defines are refused where they are used', () => {
  const bomb = '<!DOCTYPE root [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>\n<root>\n&b;</root>';
  expect(refusal(() => read(bomb)).message).toMatch(/`a.xml` line 3: is not well-formed XML: .*entity/iu);
});

test.each([
  ['<root>', /line 1: is not well-formed/u],
  ['<root><b></root></b>', /Unexpected close tag/u],
  ['<root/><root/>', /is not well-formed/u],
  ['text', /is not well-formed/u],
  ['<other/>', /starts with `<other>`, not with `<root>`/u],
])('%s is refused', (text, message) => {
  expect(refusal(() => read(text)).message).toMatch(message);
});

test('elements inside each other without end are refused', () => {
  expect(refusal(() => read('<root>'.repeat(600))).message).toMatch(/more elements than a machine has/u);
});

test('a file cut anywhere is refused, never half read', () => {
  const text = '<root a="1"><b>x</b><c d="e"/></root>';
  for (let end = 1; end < text.length; end++)
    expect(() => read(text.slice(0, end))).toThrow(/`a.xml` line 1/u);
});
