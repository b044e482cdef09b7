import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { longestRequest } from '../../src/chat/attempt.ts';
import { type Editor, type EditorKey, emptyEditor, press } from '../../src/chat/ink/editor.ts';

function pressed(editor: Editor, ...keys: readonly EditorKey[]): Editor {
  return keys.reduce((now, key) => press(now, key).editor, editor);
}

const type = (text: string): EditorKey => ({ kind: 'insert', text });
const undo: EditorKey = { kind: 'undo' };

test('undo takes back word by word what was typed, however it came', () => {
  const whole = pressed(emptyEditor, type('drain fra1 now'));
  const letters = pressed(emptyEditor, ...Array.from('drain fra1 now', type));
  expect(letters).toEqual(whole);
  expect(pressed(whole, undo).text).toBe('drain fra1 ');
  expect(pressed(whole, undo, undo).text).toBe('drain ');
  expect(pressed(whole, undo, undo, undo, undo).text).toBe('');
});

test('a run of backspaces is one step, a kill another, a paste another', () => {
  const typed = pressed(emptyEditor, type('one two'));
  const erased = pressed(typed, { kind: 'backspace' }, { kind: 'backspace' });
  expect(erased.text).toBe('one t');
  expect(pressed(erased, undo).text).toBe('one two');
  const killed = pressed(typed, { kind: 'kill-word' }, { kind: 'paste', text: 'more words' });
  expect(pressed(killed, undo).text).toBe('one ');
  expect(pressed(killed, undo, undo).text).toBe('one two');
});

test('what a kill took comes back where the cursor is', () => {
  const moved = pressed(emptyEditor, type('b a '), { kind: 'kill-word' }, { kind: 'home' }, { kind: 'yank' });
  expect(moved.text).toBe('a b ');
  expect(pressed(moved, { kind: 'last' }, { kind: 'yank' }).text).toBe('a b a ');
  expect(pressed(emptyEditor, { kind: 'yank' }).text).toBe('');
});

test('Ctrl+C loses nothing: a cleared request can be had again', () => {
  expect(pressed(emptyEditor, type('a long thought'), { kind: 'clear' }, undo).text).toBe('a long thought');
});

const keys = fc.oneof(
  fc.record({
    kind: fc.constantFrom('insert' as const, 'paste' as const),
    text: fc.constantFrom('a', 'word ', '日本', 'two words', '\n', 'e\u{301}', '👩‍👩‍👧'),
  }),
  fc.record({
    kind: fc.constantFrom(
      ...(['left', 'right', 'word-left', 'word-right', 'home', 'end', 'first', 'last', 'backspace'] as const),
      ...([
        'delete',
        'kill-word',
        'kill-word-right',
        'kill-to-start',
        'kill-to-end',
        'yank',
        'newline',
      ] as const),
    ),
  }),
);

test('whatever was pressed, undo leads back to nothing by texts that were there', () => {
  fc.assert(
    fc.property(fc.array(keys, { maxLength: 40 }), (sequence) => {
      const seen = new Set(['']);
      let editor = emptyEditor;
      for (const key of sequence) {
        // A burst counts as the characters it is made of.
        const parts = key.kind === 'insert' ? Array.from(key.text, type) : [key];
        for (const part of parts) {
          editor = pressed(editor, part);
          seen.add(editor.text);
        }
      }
      for (let step = 0; editor.past.length > 0; step++) {
        expect(step).toBeLessThan(1000);
        editor = pressed(editor, undo);
        expect(seen).toContain(editor.text);
        expect(editor.cursor).toBeLessThanOrEqual(editor.text.length);
      }
      expect(editor.text).toBe('');
    }),
    { seed: 20261122, numRuns: 2000 },
  );
});

test('at the longest request each character fits or does not, whatever came with it', () => {
  const nearly = pressed(emptyEditor, { kind: 'paste', text: 'x'.repeat(longestRequest - 1) });
  const together = pressed(nearly, type('👩ab'));
  expect(together.text).toBe(pressed(nearly, ...Array.from('👩ab', type)).text);
  expect(together.text.endsWith('xa')).toBe(true);
  expect(together.text).toHaveLength(longestRequest);
});
