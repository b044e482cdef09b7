import { longestRequest } from '../attempt.ts';
import { above, below, left, lineEnd, lineStart, type Place, right, wordLeft, wordRight } from './motions.ts';

/** The prompt: text, cursor (a UTF-16 offset) and earlier requests. `at` is `history.length` on the draft. */
export type Editor = Place & {
  readonly history: readonly string[];
  readonly at: number;
  readonly draft: string;
  /** What a kill took last, for `yank`. */
  readonly killed: string;
  /** What `undo` goes back to, the newest last. */
  readonly past: readonly Place[];
  /** What the last keystroke did: keystrokes of one run are undone together. */
  readonly run: 'typing' | 'erasing' | 'none';
};

/** One keystroke of the prompt, whatever the terminal sent for it. */
export type EditorKey =
  | { readonly kind: 'insert' | 'paste'; readonly text: string }
  | { readonly kind: 'submit' | 'newline' | 'up' | 'down' | 'undo' | 'yank' | 'clear' | Motion | Removal };

type Motion = keyof typeof motions;
type Removal = keyof typeof removals;

/** What a keystroke came to. `refused`: the text would have become longer than a request may be. */
export type Pressed = { readonly editor: Editor; readonly submitted?: string; readonly refused?: true };

export const emptyEditor: Editor = {
  text: '',
  cursor: 0,
  history: [],
  at: 0,
  draft: '',
  killed: '',
  past: [],
  run: 'none',
};

/**
 * The editor as a pure reducer. It knows nothing of chunks: the same keystrokes give the same text, the same
 * submissions and the same steps to undo however the terminal delivered them.
 */
export function press(editor: Editor, key: EditorKey): Pressed {
  switch (key.kind) {
    case 'insert':
      return { editor: type(editor, plainText(key.text)) };
    case 'newline':
      return { editor: type(editor, '\n') };
    case 'paste':
      return paste(editor, plainText(key.text));
    case 'yank':
      return paste(editor, editor.killed);
    case 'submit':
      return submit(editor);
    case 'undo':
      return { editor: undo(editor) };
    case 'up':
      return { editor: vertical(editor, above(editor), -1) };
    case 'down':
      return { editor: vertical(editor, below(editor), 1) };
    case 'clear':
      return { editor: onDraft(editor, '') };
    case 'backspace':
    case 'delete':
    case 'kill-word':
    case 'kill-word-right':
    case 'kill-to-start':
    case 'kill-to-end':
      return { editor: remove(editor, key.kind) };
    case 'left':
    case 'right':
    case 'word-left':
    case 'word-right':
    case 'home':
    case 'end':
    case 'first':
    case 'last':
      return { editor: { ...editor, cursor: motions[key.kind](editor), run: 'none' } };
    default:
      return key satisfies never;
  }
}

/** Puts `text` in place of all that was typed, such as one from another editor. It can be undone. */
export function onDraft(editor: Editor, text: string): Editor {
  if (text === editor.text && editor.at === editor.history.length) return editor;
  return { ...remembered(editor), text, cursor: text.length, at: editor.history.length, draft: '' };
}

/** Puts `text` in place of what stands between two offsets, and the cursor behind it. */
export function replaced(editor: Editor, from: number, to: number, text: string): Editor {
  const after = editor.text.slice(0, from) + text + editor.text.slice(to);
  return { ...remembered(editor), text: after, cursor: from + text.length };
}

/** Line ends as `\n`, tabs as spaces, and no other control characters. */
export function plainText(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll('\t', ' ')
    .replaceAll(/(?!\n)\p{Cc}/gu, '')
    .toWellFormed();
}

const mostHistory = 500;
const mostPast = 200;

const motions = {
  left,
  right,
  'word-left': wordLeft,
  'word-right': wordRight,
  home: lineStart,
  end: lineEnd,
  first: () => 0,
  last: ({ text }: Place) => text.length,
} as const;

/** Where a removal reaches from the cursor. */
const removals = {
  backspace: left,
  delete: right,
  'kill-word': wordLeft,
  'kill-word-right': wordRight,
  'kill-to-start': lineStart,
  'kill-to-end': lineEnd,
} as const;

/** The state to come back to is that before this keystroke. */
function remembered(editor: Editor): Editor {
  const { text, cursor } = editor;
  return { ...editor, past: [...editor.past, { text, cursor }].slice(-mostPast), run: 'none' };
}

/** Word by word, so that it does not matter how many words came at once: each is undone for itself. */
function type(editor: Editor, text: string): Editor {
  const fitting = fittingText(text, longestRequest - editor.text.length);
  return (fitting.match(/\s+|\S+/g) ?? []).reduce(typeRun, editor);
}

function typeRun(editor: Editor, piece: string): Editor {
  const { text, cursor, run } = editor;
  const newWord = /^\S/.test(piece) && /\s$/.test(text.slice(0, cursor));
  const before = run === 'typing' && !newWord ? editor : remembered(editor);
  return { ...insert(before, piece), run: 'typing' };
}

function insert(editor: Editor, text: string): Editor {
  const { text: before, cursor } = editor;
  return {
    ...editor,
    text: before.slice(0, cursor) + text + before.slice(cursor),
    cursor: cursor + text.length,
  };
}

function paste(editor: Editor, text: string): Pressed {
  if (editor.text.length + text.length > longestRequest) return { editor, refused: true };
  return { editor: text === '' ? editor : insert(remembered(editor), text) };
}

function submit(editor: Editor): Pressed {
  const { text, history } = editor;
  if (text.trim() === '') return { editor };
  const kept = history.at(-1) === text ? history : [...history, text].slice(-mostHistory);
  const { killed } = editor;
  return { editor: { ...emptyEditor, history: kept, at: kept.length, killed }, submitted: text };
}

function remove(editor: Editor, how: Removal): Editor {
  const { text, cursor } = editor;
  const reach = removals[how](editor);
  if (reach === cursor) return editor;
  const [from, to] = [Math.min(reach, cursor), Math.max(reach, cursor)];
  const single = how === 'backspace' || how === 'delete';
  const before = single && editor.run === 'erasing' ? editor : remembered(editor);
  return {
    ...before,
    text: text.slice(0, from) + text.slice(to),
    cursor: from,
    ...(single ? { run: 'erasing' } : { killed: text.slice(from, to) }),
  };
}

function undo(editor: Editor): Editor {
  const last = editor.past.at(-1);
  return last === undefined ? editor : { ...editor, ...last, past: editor.past.slice(0, -1), run: 'none' };
}

/** Within the text, and beyond its first or last line to older and newer requests. */
function vertical(editor: Editor, within: number | undefined, step: -1 | 1): Editor {
  if (within !== undefined) return { ...editor, cursor: within, run: 'none' };
  const at = editor.at + step;
  if (at < 0 || at > editor.history.length) return editor;
  const draft = editor.at === editor.history.length ? editor.text : editor.draft;
  const text = editor.history[at] ?? draft;
  return { ...editor, draft, text, cursor: text.length, at, past: [], run: 'none' };
}

/**
 * As many characters as fit, each for itself: whether one fits must not depend on what came with it, and half a
 * surrogate pair never does.
 */
function fittingText(text: string, room: number): string {
  if (text.length <= room) return text;
  let fitting = '';
  for (const character of text) if (fitting.length + character.length <= room) fitting += character;
  return fitting;
}
