import { longestRequest } from '../attempt.ts';

/** The prompt: text, cursor (a UTF-16 offset) and earlier requests. `at` is `history.length` on the draft. */
export type Editor = {
  readonly text: string;
  readonly cursor: number;
  readonly history: readonly string[];
  readonly at: number;
  readonly draft: string;
};

/** One keystroke of the prompt, whatever the terminal sent for it. */
export type EditorKey =
  | { readonly kind: 'insert' | 'paste'; readonly text: string }
  | {
      readonly kind:
        | 'submit'
        | 'newline'
        | 'left'
        | 'right'
        | 'up'
        | 'down'
        | 'word-left'
        | 'word-right'
        | 'home'
        | 'end'
        | 'backspace'
        | 'delete'
        | 'kill-word'
        | 'kill-to-start'
        | 'kill-to-end'
        | 'clear';
    };

/** What a keystroke came to. `refused`: the text would have become longer than a request may be. */
export type Pressed = { readonly editor: Editor; readonly submitted?: string; readonly refused?: true };

export const emptyEditor: Editor = { text: '', cursor: 0, history: [], at: 0, draft: '' };

/**
 * The editor as a pure reducer. It knows nothing of chunks: the same keystrokes give the same text and the same
 * submissions however the terminal delivered them.
 */
export function press(editor: Editor, key: EditorKey): Pressed {
  switch (key.kind) {
    case 'insert':
      return { editor: insert(editor, fitting(plainText(key.text), longestRequest - editor.text.length)) };
    case 'paste':
      return paste(editor, plainText(key.text));
    case 'newline':
      return { editor: insert(editor, fitting('\n', longestRequest - editor.text.length)) };
    case 'submit':
      return submit(editor);
    case 'up':
      return { editor: up(editor) };
    case 'down':
      return { editor: down(editor) };
    case 'backspace':
      return { editor: remove(editor, leftOf(editor), editor.cursor) };
    case 'delete':
      return { editor: remove(editor, editor.cursor, rightOf(editor)) };
    case 'kill-word':
      return { editor: remove(editor, wordLeft(editor), editor.cursor) };
    case 'kill-to-start':
      return { editor: remove(editor, lineStart(editor), editor.cursor) };
    case 'kill-to-end':
      return { editor: remove(editor, editor.cursor, lineEnd(editor)) };
    case 'clear':
      return { editor: onDraft(editor, '') };
    case 'left':
    case 'right':
    case 'word-left':
    case 'word-right':
    case 'home':
    case 'end':
      return { editor: { ...editor, cursor: moves[key.kind](editor) } };
    default:
      return key satisfies never;
  }
}

/** Puts `text` in place of all that was typed, such as a completed command. */
export function onDraft(editor: Editor, text: string): Editor {
  return { ...editor, text, cursor: text.length, at: editor.history.length, draft: '' };
}

const mostHistory = 500;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

const moves = {
  left: leftOf,
  right: rightOf,
  'word-left': wordLeft,
  'word-right': wordRight,
  home: lineStart,
  end: lineEnd,
} as const;

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
  return { editor: insert(editor, text) };
}

function submit(editor: Editor): Pressed {
  const { text, history } = editor;
  if (text.trim() === '') return { editor };
  const kept = history.at(-1) === text ? history : [...history, text].slice(-mostHistory);
  return { editor: onDraft({ ...editor, history: kept }, ''), submitted: text };
}

function remove(editor: Editor, from: number, to: number): Editor {
  return { ...editor, text: editor.text.slice(0, from) + editor.text.slice(to), cursor: from };
}

function up(editor: Editor): Editor {
  const start = lineStart(editor);
  if (start > 0) return { ...editor, cursor: inLine(editor.text, start - 1, editor.cursor - start) };
  if (editor.at === 0) return editor;
  const draft = editor.at === editor.history.length ? editor.text : editor.draft;
  return recall({ ...editor, draft }, editor.at - 1);
}

function down(editor: Editor): Editor {
  const end = lineEnd(editor);
  if (end < editor.text.length) {
    const column = editor.cursor - lineStart(editor);
    return { ...editor, cursor: inLine(editor.text, lineEnd({ ...editor, cursor: end + 1 }), column) };
  }
  return editor.at === editor.history.length ? editor : recall(editor, editor.at + 1);
}

function recall(editor: Editor, at: number): Editor {
  const text = editor.history[at] ?? editor.draft;
  return { ...editor, text, cursor: text.length, at };
}

/** The position `column` units into the line that ends at `end`, at the start of a character. */
function inLine(text: string, end: number, column: number): number {
  const start = text.lastIndexOf('\n', end - 1) + 1;
  const position = Math.min(end, start + column);
  return position === end ? end : (graphemes.segment(text).containing(position)?.index ?? position);
}

function leftOf({ text, cursor }: Editor): number {
  return cursor === 0 ? 0 : (graphemes.segment(text).containing(cursor - 1)?.index ?? cursor - 1);
}

function rightOf({ text, cursor }: Editor): number {
  const next = graphemes.segment(text).containing(cursor);
  return next === undefined ? text.length : next.index + next.segment.length;
}

function wordLeft({ text, cursor }: Editor): number {
  return text.slice(0, cursor).replace(/\S*\s*$/, '').length;
}

function wordRight({ text, cursor }: Editor): number {
  return cursor + (/^\s*\S*/.exec(text.slice(cursor))?.[0].length ?? 0);
}

function lineStart({ text, cursor }: Editor): number {
  return cursor === 0 ? 0 : text.lastIndexOf('\n', cursor - 1) + 1;
}

function lineEnd({ text, cursor }: Editor): number {
  const end = text.indexOf('\n', cursor);
  return end < 0 ? text.length : end;
}

/** As much as fits, without half a surrogate pair at the end. */
function fitting(text: string, room: number): string {
  if (text.length <= room) return text;
  const cut = text.slice(0, Math.max(0, room));
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

/** Line ends as `\n`, tabs as spaces, and no other control characters. */
function plainText(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll('\t', ' ')
    .replaceAll(/(?!\n)\p{Cc}/gu, '')
    .toWellFormed();
}
