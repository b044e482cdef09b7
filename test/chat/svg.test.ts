import { assert, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { svgOf } from '../../src/chat/svg/document.ts';
import { element, writeElement } from '../../src/chat/svg/element.ts';
import { fitted, textWidth } from '../../src/chat/svg/parts.ts';
import { picturesOf } from '../../src/control/picturing.ts';
import { readXml, type XmlElement } from '../../src/sources/xml.ts';
import { seed } from '../core/arbitrary.ts';
import { sights } from './picture-arbitrary.ts';
import { allPictures, listOf, pictured, sightOf } from './pictured.ts';

function parse(svg: string): XmlElement {
  return readXml({ file: 'picture.svg', bytes: new Uint8Array() }, svg, ['svg']);
}

/** The element and everything in it. */
function all(root: XmlElement): readonly XmlElement[] {
  return [root, ...root.children.flatMap(all)];
}

function numbers(root: XmlElement, name: string): readonly number[] {
  return all(root).flatMap(({ attributes }) => {
    const value = attributes.get(name);
    return value === undefined ? [] : [Number(value)];
  });
}

describe('the SVG of all pictures', () => {
  const root = parse(svgOf(allPictures));

  test('is kept', async () => {
    await expect(svgOf(allPictures)).toMatchFileSnapshot('../golden/chat/pictures.svg');
  });

  test('names and describes each picture for whoever does not see it', () => {
    const pictures = all(root).filter(({ attributes }) => attributes.get('role') === 'img');
    expect(pictures).toHaveLength(4);
    const ids = new Map(
      all(root)
        .flatMap((each) => each.attributes.get('id') ?? [])
        .map((id) => [id, id]),
    );
    for (const { attributes } of pictures)
      for (const id of attributes.get('aria-labelledby')?.split(' ') ?? []) expect(ids.has(id)).toBe(true);
    const told = all(root).filter(({ name }) => name === 'desc');
    expect(told[0]?.text).toContain('Node fra1/h1/r1/n02, rack units 9 to 16');
    expect(all(root).find(({ name }) => name === 'title')?.text).toContain('Rack fra1/h1/r1');
  });

  test('holds one square with one mark for each GPU of the racks, fabrics and nodes', () => {
    const marks = all(root).filter(({ attributes }) => attributes.get('class') === 'mark');
    expect(marks).toHaveLength(24 + 8 + 96 + 72);
    expect(marks.every(({ text }) => /^[A-Z.x%=\-?#*]$/.test(text))).toBe(true);
  });

  test('draws nodes to scale: eight units are eight times as high as one', () => {
    const boxes = all(root).filter(({ children }) =>
      children[0]?.text.startsWith('fra1/h1/r1/n01: all 8 held by C-101; 0 of 8'),
    );
    expect(boxes).toHaveLength(1);
    expect(boxes[0]?.children[1]?.attributes.get('height')).toBe('160');
  });

  test('is readable on a dark screen, and loads nothing', () => {
    const style = all(root).find(({ name }) => name === 'style')?.text ?? '';
    expect(style).toContain('prefers-color-scheme:dark');
    expect(style).not.toMatch(/url\(|@import/);
    const names = new Set(all(root).map(({ name }) => name));
    expect([...names].toSorted()).toEqual(['desc', 'g', 'line', 'rect', 'style', 'svg', 'text', 'title']);
  });

  test('each class that an element has is one that the style knows, in light and in dark', () => {
    const style = all(root).find(({ name }) => name === 'style')?.text ?? '';
    const [light = '', dark = ''] = style.split('@media');
    const looks = new Set(all(root).flatMap(({ attributes }) => attributes.get('class')?.split(' ') ?? []));
    const sizes = new Set(['strong', 'small', 'title']);
    expect([...looks].filter((look) => !light.includes(`.${look}`))).toEqual([]);
    expect([...looks.difference(sizes)].filter((look) => !dark.includes(`.${look}`))).toEqual([]);
  });
});

test('of random fleets with hostile names: valid XML, everything inside the picture, nothing but text', () => {
  assert(
    property(sights, (sight) => {
      const pictures = (['rack', 'node'] as const).flatMap((view) => picturesOf(sight, { view }));
      const svg = svgOf(listOf(pictures));
      const root = parse(svg);
      expect(svg).not.toContain('<script');
      expect(svg).not.toMatch(/[^\P{Cc}\n]/u);
      expect(svg).not.toMatch(/[\u{fffe}\u{ffff}]/u);
      const width = Number(root.attributes.get('width'));
      const height = Number(root.attributes.get('height'));
      for (const [name, most] of [
        ['x', width],
        ['y', height],
        ['width', width],
        ['height', height],
      ] as const)
        for (const value of numbers(root, name)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(most);
        }
    }),
    { seed, numRuns: 40 },
  );
}, 60_000);

test.each([
  ['a & b < c > "d" \'e\'', 'a &amp; b &lt; c &gt; &quot;d&quot; &#39;e&#39;'],
  ['\u{0}\u{1b}[2J', '\u{fffd}\u{fffd}[2J'],
  ['\u{ffff}\u{fffe}', '\u{fffd}\u{fffd}'],
  ['lone \u{d800} half', 'lone \u{fffd} half'],
  [']]>', ']]&gt;'],
])('%j is written as %j, in text and attributes', (given, written) => {
  expect(writeElement(element('text', { class: given }, given))).toBe(
    `<text class="${written}">${written}</text>`,
  );
});

test('numbers are rounded, and an element without children closes itself', () => {
  expect(writeElement(element('rect', { x: 1 / 3, y: 2 }))).toBe('<rect x="0.33" y="2"/>');
});

test('text that does not fit is cut and says so', () => {
  expect(fitted('fra1-r11-n01', 1000)).toBe('fra1-r11-n01');
  const cut = fitted('a very long name of a very ordinary node', 100);
  expect(cut.endsWith('…')).toBe(true);
  expect(textWidth(cut)).toBeLessThanOrEqual(100);
});

test('the same answer makes the same bytes', () => {
  const once = svgOf(listOf(picturesOf(sightOf(pictured), { of: 'fra1', view: 'rack' })));
  expect(svgOf(listOf(picturesOf(sightOf(pictured), { of: 'fra1', view: 'rack' })))).toBe(once);
});
