import { agreed, type Candidates, candidatesAt } from '../complete.ts';
import type { Name } from '../names.ts';
import { type Editor, type EditorKey, emptyEditor, onDraft, press, replaced } from './editor.ts';
import type { ChatKey } from './keys.ts';
import { type Item, openPicker, type Picker, pressPicker } from './picker.ts';

/** Names that were offered for what stands from `from` to `to`. `at` is the one that stands there now, if any. */
type Offered = {
  readonly from: number;
  readonly to: number;
  readonly items: readonly Item[];
  readonly at?: number;
};

/** All that is typed into: the editor, a search that is open over it, names that Tab has offered. */
export type Prompt = {
  readonly editor: Editor;
  readonly search?: Picker;
  /** What is found by the search is sent as it is, not put on the prompt. */
  readonly sends?: true;
  readonly offered?: Offered;
  /** Ctrl+X was pressed, and the next key says what for. */
  readonly isPrefixed?: true;
};

/** What a keystroke came to. `unknown` is a word that no name begins with: somebody may look it up. */
export type Answered = {
  readonly prompt: Prompt;
  readonly submitted?: string;
  readonly refused?: true;
  readonly editOutside?: true;
  readonly unknown?: string;
};

export const emptyPrompt: Prompt = { editor: emptyEditor };

/** The whole prompt as a pure reducer over keystrokes; `names` are what Tab completes. */
export function pressPrompt(prompt: Prompt, key: ChatKey, names: readonly Name[] = []): Answered {
  if (prompt.search !== undefined) return searching(prompt, prompt.search, key);
  if (prompt.isPrefixed === true) return prefixed(prompt.editor, key, names);
  const { editor } = prompt;
  if (key.kind === 'complete') return completing(prompt, 1, names);
  if (key.kind === 'complete-back') return completing(prompt, -1, names);
  if (key.kind === 'search') return { prompt: { editor, search: historyPicker(editor) } };
  if (key.kind === 'prefix') return { prompt: { editor, isPrefixed: true } };
  if (key.kind === 'edit-outside') return { prompt: { editor }, editOutside: true };
  if (key.kind === 'end-of-input') return edited(editor, { kind: 'delete' });
  return isEditorKey(key) ? edited(editor, key) : { prompt: { editor } };
}

/** The other keys are about what is around the editor. */
function isEditorKey(key: ChatKey): key is EditorKey {
  return !around.has(key.kind);
}

const around: ReadonlySet<ChatKey['kind']> = new Set<Exclude<ChatKey['kind'], EditorKey['kind']>>([
  'escape',
  'interrupt',
  'end-of-input',
  'complete',
  'complete-back',
  'search',
  'edit-outside',
  'prefix',
  'expand',
]);

/** Whether Esc or Ctrl+C has something to close before it means anything else. */
export function hasOpen({ search, offered, isPrefixed }: Prompt): boolean {
  return search !== undefined || offered !== undefined || isPrefixed === true;
}

function edited(editor: Editor, key: EditorKey): Answered {
  const { editor: after, ...rest } = press(editor, key);
  return { prompt: { editor: after }, ...rest };
}

/** Ctrl+X Ctrl+E, as in a shell; before anything else Ctrl+X means nothing. */
function prefixed(editor: Editor, key: ChatKey, names: readonly Name[]): Answered {
  if (key.kind === 'end') return { prompt: { editor }, editOutside: true };
  return pressPrompt({ editor }, key, names);
}

/** A request that is found is put on the prompt, not sent: it may cost something. */
function searching({ editor, sends }: Prompt, search: Picker, key: ChatKey): Answered {
  const picked = pressPicker(search, key);
  const rest = sends === undefined ? {} : { sends };
  if (picked.kind === 'open') return { prompt: { editor, search: picked.picker, ...rest } };
  if (picked.kind === 'closed') return { prompt: { editor } };
  if (sends === true) return { prompt: { editor }, submitted: picked.item.id };
  return { prompt: { editor: onDraft(editor, picked.item.id) } };
}

/** Earlier requests, each once, the newest first. */
function historyPicker({ history }: Editor): Picker {
  const texts = [...new Set(history.toReversed())];
  return openPicker(
    'search',
    texts.map((text) => ({ id: text, label: text })),
  );
}

/** The first Tab writes what all names agree on and lists them, the next ones go through the list. */
function completing({ editor, offered }: Prompt, step: 1 | -1, names: readonly Name[]): Answered {
  if (offered !== undefined && offered.items.length > 1) return { prompt: cycled(editor, offered, step) };
  const candidates = candidatesAt(editor, names);
  const [only, ...others] = candidates.names;
  if (only === undefined)
    return { prompt: { editor }, ...(candidates.word !== '' && { unknown: candidates.word }) };
  if (others.length === 0) return { prompt: { editor: written(editor, candidates, `${only.text} `) } };
  return { prompt: offering(written(editor, candidates, agreed(candidates)), candidates) };
}

function written(editor: Editor, { from, word }: Candidates, text: string): Editor {
  const { cursor, text: all } = editor;
  const to = text.endsWith(' ') && all[cursor] === ' ' ? cursor + 1 : cursor;
  return text === word ? editor : replaced(editor, from, to, text);
}

function offering(editor: Editor, { from, names }: Candidates): Prompt {
  const items = names.map(({ text, about }) => ({ id: text, label: text, about }));
  return { editor, offered: { from, to: editor.cursor, items } };
}

function cycled(editor: Editor, offered: Offered, step: 1 | -1): Prompt {
  const { items, from, to, at } = offered;
  const next =
    at === undefined ? (step === 1 ? 0 : items.length - 1) : (at + step + items.length) % items.length;
  const text = items[next]?.id ?? '';
  return {
    editor: replaced(editor, from, to, text),
    offered: { ...offered, at: next, to: from + text.length },
  };
}
