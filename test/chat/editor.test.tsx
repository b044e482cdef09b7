import * as fc from 'fast-check';
import { Text, useInput, usePaste } from 'ink';
import { cleanup, render } from 'ink-testing-library';
import type { ReactElement } from 'react';
import { afterAll, describe, expect, test } from 'vitest';

import { widthOf } from '../../src/chat/cards/line.ts';
import { type Editor, emptyEditor, onDraft, press } from '../../src/chat/ink/editor.ts';
import { type ChatKey, keysOf } from '../../src/chat/ink/keys.ts';
import { layoutEditor } from '../../src/chat/ink/live.ts';
import { emptyPrompt, type Prompt, pressPrompt } from '../../src/chat/ink/prompt.ts';
import { scriptedLookups } from './samples.ts';

afterAll(cleanup);

const heard: ChatKey[] = [];

function Listener(): ReactElement {
  useInput((input, key) => {
    heard.push(...keysOf(input, key));
  });
  usePaste((text) => {
    heard.push({ kind: 'paste', text });
  });
  return <Text>listening</Text>;
}

const { stdin } = render(<Listener />);

/** Sends the chunks through Ink's own parser and the prompt. */
function type(chunks: readonly string[]): {
  prompt: Prompt;
  editor: Editor;
  submitted: string[];
  keys: ChatKey[];
} {
  heard.length = 0;
  for (const chunk of chunks) stdin.write(chunk);
  let prompt = emptyPrompt;
  const submitted: string[] = [];
  for (const key of heard) {
    const pressed = pressPrompt(prompt, key, names);
    ({ prompt } = pressed);
    if (pressed.submitted !== undefined) submitted.push(pressed.submitted);
  }
  return { prompt, editor: prompt.editor, submitted, keys: [...heard] };
}

const names = await scriptedLookups().names();

const esc = '\u{1b}';
const texts = ['a', 'Z', '7', ' ', 'hello', '16 H100', 'é', 'e\u{301}', '日本語', '👩‍👩‍👧', '🇩🇪', '/why'];
const controls =
  '\r\n\t\u{7f}\b\u{1}\u{2}\u{5}\u{6}\u{b}\u{15}\u{17}\u{4}\u{19}\u{1a}\u{1f}\u{12}\u{12}\u{18}\u{7}'.split(
    '',
  );
const sequences = '[A [B [C [D [H [F [Z [3~ [3;5~ [1;5C [1;5D [1;5H [1;5F OH b d f \r \u{7f}'
  .split(' ')
  .map((key) => esc + key);
const paste = `${esc}[200~pasted\r\nlines\tand more${esc}[201~`;
const keystrokes = [...texts, ...controls, ...sequences, paste, '\r', '\r', '\r', '\r', '\r'];

/** The same characters cut elsewhere: between code points, as the terminal's UTF-8 decoder does. */
function cut(text: string, places: readonly number[]): string[] {
  const characters = Array.from(text);
  const ends = [...new Set(places.map((place) => place % (characters.length + 1)))].toSorted((a, b) => a - b);
  return [...ends, characters.length]
    .map((end, i) => characters.slice(i === 0 ? 0 : ends[i - 1], end).join(''))
    .filter((chunk) => chunk !== '');
}

test('10,000 random chunkings of the same keystrokes give the same prompt and the same submissions', () => {
  const keys = fc.array(fc.constantFrom(...keystrokes), { minLength: 1, maxLength: 30 });
  const places = fc.array(fc.nat(400), { maxLength: 60 });
  let submissions = 0;
  fc.assert(
    fc.property(keys, places, (sequence, at) => {
      const once = type(sequence);
      const chunked = type(cut(sequence.join(''), at));
      submissions += once.submitted.length;
      expect(chunked.submitted).toEqual(once.submitted);
      expect(chunked.prompt).toEqual(once.prompt);
    }),
    { seed: 20261122, numRuns: 10_000 },
  );
  expect(submissions).toBeGreaterThan(2000);
}, 60_000);

describe('what a burst does', () => {
  test('text and Enter in one chunk are a submission', () => {
    expect(type(['hello\r']).submitted).toEqual(['hello']);
  });

  test('two requests in one chunk are two submissions', () => {
    expect(type(['one\rtwo\r']).submitted).toEqual(['one', 'two']);
  });

  test('a pasted line break is text, typed with Enter behind it one submission', () => {
    expect(type([`${esc}[200~one\rtwo${esc}[201~`, '\r']).submitted).toEqual(['one\ntwo']);
  });

  test('Alt+Enter and Ctrl+J break the line', () => {
    expect(type(['a', `${esc}\r`, 'b', '\n', 'c\r']).submitted).toEqual(['a\nb\nc']);
  });

  test('Enter on nothing submits nothing', () => {
    expect(type(['\r', '  ', '\r']).submitted).toEqual([]);
  });
});

function marked(text: string): Editor {
  return { ...emptyEditor, text: text.replace('|', ''), cursor: text.indexOf('|') };
}

function shown({ text, cursor }: Editor): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

describe('editing', () => {
  test.each([
    ['left', 'ab|c', 'a|bc'],
    ['left', '|ab', '|ab'],
    ['left', 'a👩‍👩‍👧|b', 'a|👩‍👩‍👧b'],
    ['right', 'a|🇩🇪b', 'a🇩🇪|b'],
    ['right', 'ab|', 'ab|'],
    ['home', 'one\ntw|o', 'one\n|two'],
    ['end', 'o|ne\ntwo', 'one|\ntwo'],
    ['word-left', 'one two| three', 'one |two three'],
    ['word-left', 'one   |two', '|one   two'],
    ['word-right', 'o|ne two', 'one| two'],
    ['word-right', 'one| two', 'one two|'],
    ['backspace', 'e\u{301}|x', '|x'],
    ['backspace', '|x', '|x'],
    ['delete', 'a|🇩🇪b', 'a|b'],
    ['delete', 'ab|', 'ab|'],
    ['kill-word', 'one two  |x', 'one |x'],
    ['kill-to-start', 'one\ntwo|x', 'one\n|x'],
    ['kill-to-end', 'one|two\nthree', 'one|\nthree'],
    ['up', 'one\ntw|o', 'on|e\ntwo'],
    ['up', 'a\nlonger|', 'a|\nlonger'],
    ['down', 'longer|\na', 'longer\na|'],
    ['down', 'on|e\ntwo\nthree', 'one\ntw|o\nthree'],
    ['newline', 'a|b', 'a\n|b'],
    ['clear', 'a|b', '|'],
  ] as const)('%s: %s becomes %s', (kind, before, after) => {
    expect(shown(press(marked(before), { kind }).editor)).toBe(after);
  });

  test('history: up and down walk through it and come back to the draft', () => {
    const typed = type(['one\r', 'two\r', 'draft']).editor;
    const up1 = press(typed, { kind: 'up' }).editor;
    const up2 = press(up1, { kind: 'up' }).editor;
    const up3 = press(up2, { kind: 'up' }).editor;
    const down1 = press(up3, { kind: 'down' }).editor;
    const down2 = press(down1, { kind: 'down' }).editor;
    const down3 = press(down2, { kind: 'down' }).editor;
    expect([up1, up2, up3, down1, down2, down3].map(({ text }) => text)).toEqual([
      'two',
      'one',
      'one',
      'two',
      'draft',
      'draft',
    ]);
  });

  test('a paste that makes the request too long is refused whole', () => {
    const long = press(emptyEditor, { kind: 'paste', text: 'x'.repeat(20_000) });
    expect(long.editor.text).toHaveLength(20_000);
    const more = press(long.editor, { kind: 'paste', text: 'y' });
    expect(more).toEqual({ editor: long.editor, refused: true });
    expect(press(long.editor, { kind: 'insert', text: 'y' }).editor.text).toHaveLength(20_000);
  });

  test('pasted control characters are dropped, tabs are spaces', () => {
    expect(press(emptyEditor, { kind: 'paste', text: `a\tb${esc}[31m\u{9b}c\r\nd` }).editor.text).toBe(
      'a b[31mc\nd',
    );
  });
});

test('the layout shows every character, keeps to the width and knows where the cursor is', () => {
  const text = fc.array(fc.constantFrom('a', 'word ', '日本', '\n', '👩‍👩‍👧', '\u{202e}'), { maxLength: 60 });
  fc.assert(
    fc.property(text, fc.nat(200), fc.integer({ min: 8, max: 40 }), (pieces, place, columns) => {
      const whole = pieces.join('');
      const { rows, x, y } = layoutEditor({ text: whole, cursor: Math.min(place, whole.length) }, columns);
      expect(Math.max(...rows.map(widthOf))).toBeLessThan(columns);
      expect(x).toBeLessThan(columns);
      expect(rows[y]).toBeDefined();
      expect(rows.join('')).not.toContain('\u{202e}');
    }),
    { seed: 20261122, numRuns: 500 },
  );
});

test('a completed command replaces what was typed', () => {
  expect(onDraft({ ...emptyEditor, text: '/con', cursor: 4 }, '/contracts ')).toMatchObject({
    text: '/contracts ',
    cursor: 11,
  });
});
