import type {
  Agent,
  ToolAnswer,
  ToolCall,
  ToolProgress,
  Turn,
  TurnEvent,
  TurnOptions,
} from '../../agent/agent.ts';
import { attempt, failedTurn, longestRequest, planTurn } from '../attempt.ts';
import type { Before } from '../cards/turn.ts';
import {
  cameUp,
  keepOpen,
  type Move,
  notCommitted,
  nothingOpen,
  type Open,
  openAfter,
  readMove,
  rejected,
  rejection,
  type ScreenMove,
} from '../conversation.ts';
import { Draft } from '../draft.ts';
import { contextOf, type Lookups } from '../look.ts';
import { distinct, type Name } from '../names.ts';
import {
  type Resumed,
  sessionItem,
  type SessionMove,
  type Sessions,
  takenUp,
  useSessions,
} from '../sessions.ts';
import { helpLines, keyLines } from '../slash.ts';
import { readStatus, type ShownStatus, type StatusReader, statusPhrases } from '../status.ts';
import type { Theme } from '../theme.ts';
import { onDraft } from './editor.ts';
import type { ChatKey } from './keys.ts';
import { openPicker } from './picker.ts';
import { type Answered, emptyPrompt, hasOpen, type Prompt, pressPrompt } from './prompt.ts';

type NewEntry =
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'tool'; readonly call: ToolCall }
  /** A tool call whole: all of what was asked and answered. */
  | { readonly kind: 'call'; readonly call: ToolCall; readonly answer: ToolAnswer }
  /** `whole` unfolds the cards. */
  | { readonly kind: 'turn'; readonly turn: Turn; readonly before: Before; readonly whole?: true }
  /** Blocks of a reply of a model that is still being written. */
  | { readonly kind: 'written'; readonly markdown: string }
  | { readonly kind: 'note'; readonly lines: readonly string[] };

/** One finished piece of the transcript. It is drawn once and never again. */
export type Entry = NewEntry & { readonly id: number };

/** Waiting for the person, working on a turn, or over. */
type Phase =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'running';
      readonly what: string;
      readonly stopping: boolean;
      readonly draft?: string;
      readonly progress?: ToolProgress;
    }
  | { readonly kind: 'left'; readonly exitCode: number };

/** Everything the screen shows. Replaced as a whole, never changed. */
export type View = {
  readonly entries: readonly Entry[];
  readonly prompt: Prompt;
  readonly open: Open;
  readonly phase: Phase;
  readonly status: ShownStatus;
  readonly theme: Theme;
  readonly queuedCount: number;
  /** Empty when there is nothing to say. */
  readonly hint: string;
};

export const emptyView: View = {
  entries: [],
  prompt: emptyPrompt,
  open: nothingOpen,
  phase: { kind: 'idle' },
  status: undefined,
  theme: 'dark',
  queuedCount: 0,
  hint: '',
};

export type SessionOptions = {
  readonly agent: Agent;
  readonly status: StatusReader;
  readonly lookups: Lookups;
  readonly sessions?: Sessions;
  /** The session that this chat goes on with. */
  readonly resumed?: Resumed;
  readonly theme?: Theme;
  /** Earlier requests, the oldest first. They may come when the screen already stands. */
  readonly history?: readonly string[] | Promise<readonly string[]>;
  /** Opens a text in the person's own editor, on the terminal that was lent. Undefined: it was not saved. */
  readonly editOutside?: Edit;
};

type Edit = (text: string) => Promise<string | undefined>;

/** Gives the terminal away for as long as `use` takes. */
type Lend = (use: () => Promise<void>) => Promise<void>;

type Ask = (options: TurnOptions) => Promise<Turn>;

/** A request as it was typed, with what was on the screen to be answered then. */
type Submitted = { readonly text: string; readonly seen: Open };

const welcome = 'Berth. Say what the workload needs; `/help` lists commands.';
const leaveHint = 'Press Ctrl+C again to leave.';
const noCall = 'No tool call is left to show.';
const pasteHint = `A request has at most ${longestRequest} characters: nothing was pasted.`;

/** A conversation on the screen. It lives outside React, so that no keystroke waits for a render. */
export class Session {
  readonly #options: SessionOptions;
  readonly #listeners = new Set<() => void>();
  readonly #queue: Submitted[] = [];
  /** The calls of the last turn, the last one first to be shown. */
  #calls: { readonly call: ToolCall; readonly answer: ToolAnswer }[] = [];
  #answered: { readonly turn: Turn; readonly before: Before } | undefined;
  #names: readonly Name[] = [];
  #view: View;
  #draft = new Draft();
  #turn: AbortController | undefined;
  #lend: Lend = (use) => use();
  #bursting = false;
  /** Keys that came while another program had the terminal: what they show would be lost there. */
  #held: ChatKey[] | undefined;

  constructor(options: SessionOptions) {
    const { theme = 'dark', history = [], resumed } = options;
    this.#options = options;
    this.#view = { ...emptyView, theme };
    this.#note(welcome);
    if (resumed !== undefined) this.#takeUp(resumed);
    void this.#remember(history);
    void this.#refresh();
  }

  /** What was typed here in the meantime stays the latest. */
  async #remember(earlier: NonNullable<SessionOptions['history']>): Promise<void> {
    const before = await earlier;
    if (before.length === 0) return;
    const { prompt } = this.#view;
    const { history, at } = prompt.editor;
    const editor = { ...prompt.editor, history: [...before, ...history], at: before.length + at };
    this.#set({ prompt: { ...prompt, editor } });
  }

  readonly view = (): View => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** How the terminal is given to another program, where there is one. */
  lendTerminal(lend: Lend): void {
    this.#lend = lend;
  }

  /** One render for a burst of keystrokes, however many they are. */
  press(keys: readonly ChatKey[]): void {
    this.#bursting = true;
    for (const key of keys) {
      if (this.#held !== undefined) this.#held.push(key);
      else if (this.#view.phase.kind !== 'left') this.#press(key);
    }
    this.#bursting = false;
    this.#tell();
  }

  #press(key: ChatKey): void {
    const { prompt, phase } = this.#view;
    if (hasOpen(prompt)) return this.#edit(pressPrompt(prompt, key, this.#names));
    if (key.kind === 'interrupt') return this.#interrupt();
    this.#set({ hint: '' });
    if (key.kind === 'escape') return phase.kind === 'running' ? this.#stop() : undefined;
    if (key.kind === 'expand') return this.#showCall() ? undefined : this.#set({ hint: noCall });
    if (key.kind === 'end-of-input' && prompt.editor.text === '') return this.#leave(0);
    return this.#edit(pressPrompt(prompt, key, this.#names));
  }

  #edit({ prompt, submitted, refused, editOutside, unknown }: Answered): void {
    this.#set({ prompt, hint: refused === true ? pasteHint : '' });
    if (editOutside === true) void this.#openEditor();
    if (unknown !== undefined) void this.#lookUpName(unknown);
    if (submitted === undefined) return;
    this.#queue.push({ text: submitted, seen: this.#view.open });
    this.#takeWaiting();
  }

  async #openEditor(): Promise<void> {
    const { editOutside } = this.#options;
    if (editOutside === undefined)
      return this.#set({ hint: 'Set VISUAL or EDITOR to edit a request there.' });
    if (this.#view.phase.kind !== 'idle') return this.#set({ hint: 'Not while something is running.' });
    this.#held = [];
    try {
      const edited = await this.#lent(editOutside, this.#view.prompt.editor.text);
      if (edited !== undefined) this.#replace(edited.replace(/\n+$/, ''));
    } catch (error) {
      this.#set({ hint: error instanceof Error ? error.message : String(error) });
    }
    const held = this.#held;
    this.#held = undefined;
    this.press(held);
  }

  async #lent(edit: Edit, text: string): Promise<string | undefined> {
    let edited: string | undefined;
    await this.#lend(async () => {
      edited = await edit(text);
    });
    return edited;
  }

  /** Puts a text on the prompt as a paste would: what is too long is refused whole. */
  #replace(text: string): void {
    const cleared = { editor: onDraft(this.#view.prompt.editor, '') };
    const { prompt, refused } = pressPrompt(cleared, { kind: 'paste', text });
    if (refused === true) this.#set({ hint: pasteHint });
    else this.#set({ prompt });
  }

  /** A large fleet has more nodes than names were read: those that begin like the word are asked for. */
  async #lookUpName(word: string): Promise<void> {
    const { editor } = this.#view.prompt;
    const found = await this.#options.lookups.nodes(word).catch(() => []);
    if (this.#view.prompt.editor !== editor) return;
    this.#names = distinct([...this.#names, ...found]);
    const { prompt, unknown } = pressPrompt({ editor }, { kind: 'complete' }, this.#names);
    this.#set({ prompt, hint: unknown === undefined ? '' : `No name begins with \`${unknown}\`.` });
  }

  #takeWaiting(): void {
    while (this.#view.phase.kind === 'idle') {
      const submitted = this.#queue.shift();
      if (submitted === undefined) break;
      this.#take(submitted);
    }
    this.#set({ queuedCount: this.#queue.length });
  }

  /** What was typed ahead never answers a plan or a question that nobody had seen yet. */
  #take({ text, seen }: Submitted): void {
    const { open } = this.#view;
    if (cameUp(seen, open)) return this.#note(`Not sent, because it was typed before the above: ${text}`);
    this.#add({ kind: 'said', text });
    const move = readMove(text, open);
    if (move !== undefined) this.#make(move, text.trim());
  }

  #make(move: Move, typed: string): void {
    const { agent, lookups } = this.#options;
    if (move.kind === 'ask') return this.#start((options) => agent.turn(move.text, { ...options, typed }));
    if (move.kind === 'commit')
      return this.#start((options) => agent.confirm(move.plan, { ...options, typed }));
    if (move.kind === 'look')
      return this.#start((options) => lookups.look(move.asked, { ...options, typed }), keepOpen);
    if (move.kind === 'resume' || move.kind === 'export') return void this.#withSessions(move);
    if (move.kind !== 'reject') return this.#show(move);
    this.#set({ open: nothingOpen });
    this.#note(rejected(move.plan));
    return this.#make({ kind: 'ask', text: rejection }, typed);
  }

  /** What needs nobody else: it is here, or it is about the screen. */
  #show(move: ScreenMove): void {
    switch (move.kind) {
      case 'say':
        return this.#note(move.text);
      case 'show':
        return this.#add({ kind: 'turn', turn: planTurn(move.plan), before: {}, whole: true });
      case 'whole':
        if (this.#answered === undefined) return this.#note('Nothing was answered yet.');
        return this.#add({ kind: 'turn', ...this.#answered, whole: true });
      case 'call':
        return this.#showCall() ? undefined : this.#note(noCall);
      case 'status':
        return this.#note(...statusPhrases(this.#view.status));
      case 'theme':
        this.#set({ theme: move.theme });
        return this.#note(`Theme ${move.theme}, from here on.`);
      case 'help':
        return this.#note(...helpLines, ...keyLines);
      case 'leave':
        return this.#leave(0);
      default:
        return move satisfies never;
    }
  }

  #start(ask: Ask, next = openAfter): void {
    void this.#run(ask, next);
  }

  async #run(ask: Ask, next: typeof openAfter): Promise<void> {
    const controller = new AbortController();
    this.#turn = controller;
    this.#calls = [];
    this.#draft = new Draft();
    this.#set({ phase: { kind: 'running', what: 'reading the request', stopping: false } });
    const { signal } = controller;
    const turn = await attempt(() => ask({ signal, onEvent: (event) => this.#hear(event) }), signal);
    this.#turn = undefined;
    if (this.#view.phase.kind === 'left') return;
    const { open } = this.#view;
    this.#answered = { turn, before: await contextOf(turn, open, this.#options.lookups) };
    this.#add({ kind: 'turn', ...this.#answered, turn: { ...turn, reply: this.#draft.beyond(turn.reply) } });
    this.#set({ phase: { kind: 'idle' }, open: next(open, turn) });
    this.#takeWaiting();
    await this.#refresh();
  }

  /** Looks at sessions as a turn does: what is typed meanwhile waits. */
  async #withSessions(move: SessionMove): Promise<void> {
    this.#set({ phase: { kind: 'running', what: 'reading sessions', stopping: false } });
    const done = await useSessions(this.#options.sessions, move);
    if (this.#view.phase.kind === 'left') return;
    this.#set({ phase: { kind: 'idle' } });
    if (done.kind === 'failed') this.#add({ kind: 'turn', turn: failedTurn(done.error), before: {} });
    if (done.kind === 'said') this.#note(done.text);
    if (done.kind === 'resumed') this.#takeUp(done.resumed);
    if (done.kind === 'listed') {
      const choosing = openPicker('resume', done.sessions.map(sessionItem));
      this.#set({ prompt: { editor: this.#view.prompt.editor, search: choosing, sends: true } });
    }
    this.#takeWaiting();
    await this.#refresh();
  }

  /** The last turns once more, and what was open after them. */
  #takeUp(resumed: Resumed): void {
    const { notes, shown, open } = takenUp(resumed);
    this.#note(...notes);
    for (const { said, turn } of shown) {
      this.#add({ kind: 'said', text: said });
      this.#add({ kind: 'turn', turn, before: {} });
    }
    this.#answered = undefined;
    this.#calls = [];
    this.#set({ open });
  }

  #hear(event: TurnEvent): void {
    const { phase } = this.#view;
    if (phase.kind !== 'running') return;
    switch (event.kind) {
      case 'tool-ended':
        this.#calls.push({ call: event.call, answer: event.answer });
        return this.#add({ kind: 'tool', call: event.call });
      case 'text':
        return this.#write(this.#draft.push(event.text), phase);
      case 'tool-progress':
        return this.#set({ phase: { ...phase, progress: event.progress } });
      case 'tool-started':
        // What a model says before it calls a tool is no part of its reply.
        this.#write(this.#draft.rest, phase);
        this.#draft = new Draft();
        return this.#set({ phase: { kind: 'running', what: event.tool, stopping: phase.stopping } });
      default:
        return event satisfies never;
    }
  }

  /** Blocks that are complete go into the transcript, and are drawn once; the rest stays below. */
  #write(markdown: string, phase: Extract<Phase, { kind: 'running' }>): void {
    if (markdown.trim() !== '') this.#add({ kind: 'written', markdown });
    this.#set({ phase: { ...phase, draft: this.#draft.rest } });
  }

  /** The last call of the last turn whole, the next time the one before it; false when none is left. */
  #showCall(): boolean {
    const last = this.#calls.pop();
    if (last !== undefined) this.#add({ kind: 'call', ...last });
    return last !== undefined;
  }

  #interrupt(): void {
    if (this.#view.hint === leaveHint) return this.#leave(130);
    this.#stop();
    this.#set({ prompt: { editor: onDraft(this.#view.prompt.editor, '') }, hint: leaveHint });
  }

  #stop(): void {
    const { phase } = this.#view;
    this.#queue.length = 0;
    this.#turn?.abort();
    this.#set({ queuedCount: 0, phase: phase.kind === 'running' ? { ...phase, stopping: true } : phase });
  }

  #leave(exitCode: number): void {
    const { phase, open } = this.#view;
    this.#stop();
    if (phase.kind === 'running') this.#note(`Left during \`${phase.what}\`: look at \`berth contracts\`.`);
    const left = notCommitted(open);
    if (left !== undefined) this.#note(left);
    this.#set({ phase: { kind: 'left', exitCode }, hint: '' });
  }

  /** What stands in the status line and what Tab knows, after anything may have changed. */
  async #refresh(): Promise<void> {
    const { status, lookups } = this.#options;
    this.#set({ status: await readStatus(status) });
    this.#names = await lookups.names().catch(() => this.#names);
  }

  #note(...lines: readonly string[]): void {
    this.#add({ kind: 'note', lines });
  }

  #add(entry: NewEntry): void {
    const { entries } = this.#view;
    this.#set({ entries: [...entries, { ...entry, id: entries.length }] });
  }

  #set(change: Partial<View>): void {
    this.#view = { ...this.#view, ...change };
    if (!this.#bursting) this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
