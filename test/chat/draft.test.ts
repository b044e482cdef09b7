import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { markdown } from '../../src/chat/cards/markdown.ts';
import { Draft } from '../../src/chat/draft.ts';
import { renderAnsi } from '../../src/chat/render.ts';

function written(text: string, cuts: readonly number[]): { parts: string[]; draft: Draft } {
  const draft = new Draft();
  const parts: string[] = [];
  let at = 0;
  for (const cut of [...cuts, text.length]) {
    const ready = draft.push(text.slice(at, at + cut));
    if (ready !== '') parts.push(ready);
    at += cut;
  }
  return { parts, draft };
}

function drawn(text: string): string {
  return renderAnsi(markdown(text, { columns: 60 }), { color: false });
}

describe('a draft is cut', () => {
  test.each([
    ['One.\n\nTwo', ['One.\n\n']],
    ['One\nstill one', []],
    ['- a\n- b\n- c', ['- a\n', '- b\n']],
    ['1. a\n2. b\n\nEnd', ['1. a\n', '2. b\n\n']],
    ['```\na\n\nb\n', []],
    ['```\na\n\nb\n```\nNext', ['```\na\n\nb\n```\n']],
    ['| a | b |\n| - | - |\n| 1 | 2 |\n\nNext', ['| a | b |\n| - | - |\n| 1 | 2 |\n\n']],
    ['# Title\ntext', ['# Title\n']],
  ])('%j', (text, expected) => {
    const letters = Array.from({ length: text.length }, () => 1);
    expect(written(text, letters).parts.join('')).toBe(expected.join(''));
  });
});

const block = fc.oneof(
  fc.constantFrom(
    'A paragraph of words.',
    'Two lines\nof one.',
    '# Title',
    '> quoted\n> twice',
    '---',
    '**bold** `x`',
  ),
  fc
    .array(fc.constantFrom('one', 'two words', '`three`'), { minLength: 1, maxLength: 4 })
    .map((items) => items.map((item) => `- ${item}`).join('\n')),
  fc
    .array(fc.constantFrom('one', 'two'), { minLength: 1, maxLength: 3 })
    .map((items) => items.map((item, i) => `${i + 1}. ${item}`).join('\n')),
  fc.constantFrom(
    '```\ncode\n\nmore code\n```',
    '```json\n{"a": [1,\n\n2]}\n```',
    '~~~\n```\n~~~',
    '    indented',
  ),
  fc.constantFrom(
    '| a | b |\n| - | - |\n| 1 | 2 |',
    '- a\n\n  more of a\n- b',
    '- a\n  - nested\n  - twice\n- b',
  ),
);
const text = fc
  .array(fc.tuple(block, fc.constantFrom('\n\n', '\n', '\n\n\n')), { minLength: 1, maxLength: 7 })
  .map((parts) => parts.map(([part, gap]) => `${part}${gap}`).join(''));
const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 80 });

describe('laws', () => {
  test('in parts it is the same text and the same rows, however it was cut', () => {
    fc.assert(
      fc.property(text, cuts, (whole, where) => {
        const { parts, draft } = written(whole, where);
        expect(parts.join('') + draft.rest).toBe(whole);
        const rows = [...parts, draft.rest].filter((part) => part !== '').map(drawn);
        expect(inked(rows.join('\n'))).toEqual(inked(drawn(whole)));
      }),
      { seed: 41, numRuns: 1000 },
    );
  });

  test('what is beyond what was written is exactly the rest of the reply', () => {
    fc.assert(
      fc.property(text, cuts, (whole, where) => {
        const { parts, draft } = written(whole, where);
        const reply = whole.replaceAll(/\n{3,}/gu, '\n\n').trim();
        const beyond = draft.beyond(reply);
        expect((parts.join('') + beyond).replaceAll(/\s/gu, '')).toBe(reply.replaceAll(/\s/gu, ''));
        expect(reply.endsWith(beyond)).toBe(true);
      }),
      { seed: 42, numRuns: 500 },
    );
  });

  test('another reply is whole', () => {
    const { draft } = written('One.\n\nTwo.\n\n', [8, 8]);
    expect(draft.beyond('The model endpoint failed.')).toBe('The model endpoint failed.');
    expect(draft.beyond('One.\n\nTwo.\n\nThree.')).toBe('Two.\n\nThree.');
  });
});

/** Rows without those that are empty: a gap may stand at the end of a part or nowhere. */
function inked(rows: string): readonly string[] {
  return rows.split('\n').filter((row) => row.trim() !== '');
}
