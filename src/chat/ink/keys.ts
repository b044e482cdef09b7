import type { EditorKey } from './editor.ts';

/** A keystroke of the chat: of the prompt, or of what is around it. */
export type ChatKey =
  | EditorKey
  | {
      readonly kind:
        | 'escape'
        | 'interrupt'
        | 'end-of-input'
        | 'complete'
        | 'complete-back'
        | 'search'
        | 'edit-outside'
        | 'prefix'
        | 'expand';
    };

/** What Ink says about a key, as far as it matters here. */
export type KeyFlags = {
  readonly upArrow: boolean;
  readonly downArrow: boolean;
  readonly leftArrow: boolean;
  readonly rightArrow: boolean;
  readonly home: boolean;
  readonly end: boolean;
  readonly return: boolean;
  readonly escape: boolean;
  readonly ctrl: boolean;
  readonly shift: boolean;
  readonly tab: boolean;
  readonly backspace: boolean;
  readonly delete: boolean;
  readonly meta: boolean;
  readonly eventType?: 'press' | 'repeat' | 'release';
};

/**
 * Keystrokes from what Ink delivers. Ink hands on a burst (`hello` and Enter in one read) as one string, with
 * the control characters in it, so the string is walked character by character.
 */
export function keysOf(input: string, key: KeyFlags): ChatKey[] {
  if (key.eventType === 'release') return [];
  const named = namedKey(key);
  if (named !== undefined) return [named];
  if (key.ctrl) return known(ctrl[input]);
  if (key.meta) return known(meta[input]);
  return key.tab || key.escape ? [] : typed(input);
}

const ctrl: Readonly<Record<string, ChatKey>> = {
  a: { kind: 'home' },
  b: { kind: 'left' },
  c: { kind: 'interrupt' },
  d: { kind: 'end-of-input' },
  e: { kind: 'end' },
  f: { kind: 'right' },
  g: { kind: 'edit-outside' },
  h: { kind: 'backspace' },
  j: { kind: 'newline' },
  k: { kind: 'kill-to-end' },
  n: { kind: 'down' },
  o: { kind: 'expand' },
  p: { kind: 'up' },
  r: { kind: 'search' },
  u: { kind: 'kill-to-start' },
  w: { kind: 'kill-word' },
  x: { kind: 'prefix' },
  y: { kind: 'yank' },
  z: { kind: 'undo' },
  _: { kind: 'undo' },
};

const meta: Readonly<Record<string, ChatKey>> = {
  b: { kind: 'word-left' },
  d: { kind: 'kill-word-right' },
  f: { kind: 'word-right' },
};

function namedKey(key: KeyFlags): ChatKey | undefined {
  const far = key.ctrl || key.meta;
  if (key.return) return { kind: key.meta || key.shift ? 'newline' : 'submit' };
  if (key.escape) return { kind: 'escape' };
  if (key.tab) return { kind: key.shift ? 'complete-back' : 'complete' };
  if (key.backspace) return { kind: far ? 'kill-word' : 'backspace' };
  if (key.delete) return { kind: far ? 'kill-word-right' : 'delete' };
  if (key.upArrow) return { kind: 'up' };
  if (key.downArrow) return { kind: 'down' };
  if (key.leftArrow) return { kind: far ? 'word-left' : 'left' };
  if (key.rightArrow) return { kind: far ? 'word-right' : 'right' };
  if (key.home) return { kind: far ? 'first' : 'home' };
  if (key.end) return { kind: far ? 'last' : 'end' };
  return undefined;
}

function typed(input: string): ChatKey[] {
  const runs = input.match(/\p{Cc}|\P{Cc}+/gu) ?? [];
  return runs.flatMap((run) => (/^\p{Cc}/u.test(run) ? controlKey(run.charCodeAt(0)) : [inserted(run)]));
}

function inserted(text: string): ChatKey {
  return { kind: 'insert', text };
}

function controlKey(code: number): ChatKey[] {
  if (code === 0x0d) return [{ kind: 'submit' }];
  if (code === 0x09) return [{ kind: 'complete' }];
  if (code === 0x7f) return [{ kind: 'backspace' }];
  if (code === 0x1f) return [{ kind: 'undo' }];
  return code >= 1 && code <= 26 ? known(ctrl[String.fromCharCode(code + 96)]) : [];
}

function known(key: ChatKey | undefined): ChatKey[] {
  return key === undefined ? [] : [key];
}
