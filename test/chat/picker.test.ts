import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { lineWidth } from '../../src/chat/cards/line.ts';
import type { ChatKey } from '../../src/chat/ink/keys.ts';
import {
  drawPicker,
  listRows,
  matching,
  openPicker,
  type Picker,
  pressPicker,
} from '../../src/chat/ink/picker.ts';
import { renderPlain } from '../../src/chat/render.ts';

const items = ['drain r11', 'drain r12', 'what is free', '16 H100 for\n3 days'].map((label) => ({
  id: label,
  label,
  about: label.startsWith('drain') ? 'yesterday' : 'today',
}));
const open = openPicker('search', items);

function pressed(picker: Picker, ...keys: readonly ChatKey[]): Picker | string {
  let now = picker;
  for (const key of keys) {
    const picked = pressPicker(now, key);
    if (picked.kind !== 'open') return picked.kind === 'chosen' ? picked.item.id : 'closed';
    now = picked.picker;
  }
  return now;
}

const type = (text: string): ChatKey => ({ kind: 'insert', text });

describe('a picker', () => {
  test.each([
    ['', 4],
    ['drain', 2],
    ['DRAIN 12', 1],
    ['r1 yesterday', 2],
    ['today days', 1],
    ['nothing like it', 0],
  ])('narrowed by `%s` has %i items', (query, count) => {
    expect(matching({ ...open, query })).toHaveLength(count);
  });

  test('Enter takes what is marked, the arrows and Ctrl+R move the mark and stop at the ends', () => {
    expect(pressed(open, { kind: 'submit' })).toBe('drain r11');
    expect(pressed(open, { kind: 'down' }, { kind: 'search' }, { kind: 'submit' })).toBe('what is free');
    expect(pressed(open, { kind: 'up' }, { kind: 'submit' })).toBe('drain r11');
    const down = Array.from({ length: 9 }, (): ChatKey => ({ kind: 'down' }));
    expect(pressed(open, ...down, { kind: 'submit' })).toBe('16 H100 for\n3 days');
  });

  test('a query begins at its first match again, and an empty list closes without a choice', () => {
    expect(pressed(open, { kind: 'down' }, type('drain'), { kind: 'submit' })).toBe('drain r11');
    expect(pressed(open, type('xyz'), { kind: 'submit' })).toBe('closed');
    expect(pressed(open, type('xyz'), { kind: 'kill-word' }, { kind: 'submit' })).toBe('drain r11');
    expect(
      pressed(open, type('free日本'), { kind: 'backspace' }, { kind: 'backspace' }, { kind: 'end' }),
    ).toBe('what is free');
  });

  test.each(['escape', 'interrupt', 'edit-outside', 'end-of-input'] as const)('%s closes it', (kind) => {
    expect(pressed(open, type('drain'), { kind })).toBe('closed');
  });

  test('a query may come in any pieces', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite', maxLength: 30 }), fc.nat(30), (text, place) => {
        const characters = Array.from(text);
        const pieces = [characters.slice(0, place).join(''), characters.slice(place).join('')];
        expect(pressed(open, ...pieces.map(type))).toEqual(pressed(open, type(text)));
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });

  test('its rows fit, and the marked one is among them', () => {
    const many = Array.from({ length: 40 }, (_, i) => ({
      id: `n${i}`,
      label: `node ${i} ${'x'.repeat(i)}`,
      about: '日本',
    }));
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 120 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(39),
        (width, rows, at) => {
          const { lines, x } = drawPicker({ ...openPicker('pick', many), at }, width, rows);
          expect(lines.length).toBeLessThanOrEqual(rows);
          expect(x).toBeLessThan(width);
          for (const line of lines) expect(lineWidth(line)).toBeLessThanOrEqual(width);
          expect(rows === 1 || new RegExp(`^> node ${at}\\b`, 'm').test(renderPlain(lines))).toBe(true);
        },
      ),
      { seed: 20261122, numRuns: 300 },
    );
  });

  test('of a request of several lines it shows one row', () => {
    expect(renderPlain(listRows(items, 3, 60, 2))).toBe(
      '  what is free        today\n> 16 H100 for 3 days  today',
    );
  });
});
