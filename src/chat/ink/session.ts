import type { Agent, ToolCall, Turn, TurnEvent, TurnOptions } from '../../agent/agent.ts';
import { attempt, longestRequest } from '../attempt.ts';
import {
  cameUp,
  type Move,
  notCommitted,
  nothingOpen,
  type Open,
  openAfter,
  readMove,
  rejected,
  rejection,
} from '../conversation.ts';
import { completeSlash, helpLines, slashCandidates } from '../slash.ts';
import { readStatus, type StatusReader } from '../status.ts';
import { type Editor, emptyEditor, onDraft, press } from './editor.ts';
import type { ChatKey } from './keys.ts';

type NewEntry =
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'tool'; readonly call: ToolCall }
  | { readonly kind: 'turn'; readonly turn: Turn }
  | { readonly kind: 'note'; readonly lines: readonly string[] };

/** One finished piece of the transcript. It is drawn once and never again. */
export type Entry = NewEntry & { readonly id: number };

/** Waiting for the person, working on a turn, or over. */
type Phase =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly what: string; readonly stopping: boolean; readonly draft?: string }
  | { readonly kind: 'left'; readonly exitCode: number };

/** Everything the screen shows. Replaced as a whole, never changed. */
export type View = {
  readonly entries: readonly Entry[];
  readonly editor: Editor;
  readonly open: Open;
  readonly phase: Phase;
  readonly status: readonly string[];
  readonly queuedCount: number;
  /** Empty when there is nothing to say. */
  readonly hint: string;
};

export const emptyView: View = {
  entries: [],
  editor: emptyEditor,
  open: nothingOpen,
  phase: { kind: 'idle' },
  status: [],
  queuedCount: 0,
  hint: '',
};

/** A request as it was typed, with what was on the screen to be answered then. */
type Submitted = { readonly text: string; readonly seen: Open };

const welcome = 'Berth. Say what the workload needs; `/help` lists commands.';
const leaveHint = 'Press Ctrl+C again to leave.';
const pasteHint = `A request has at most ${longestRequest} characters: nothing was pasted.`;

/** The end of a reply that is being written: the whole of it comes when it is checked. */
function draftAfter(draft = '', piece: string): string {
  return `${draft}${piece}`.slice(-draftMost);
}

const draftMost = 1000;

/** A conversation on the screen. It lives outside React, so that no keystroke waits for a render. */
export class Session {
  readonly #agent: Agent;
  readonly #status: StatusReader;
  readonly #listeners = new Set<() => void>();
  readonly #queue: Submitted[] = [];
  #view = emptyView;
  #turn: AbortController | undefined;
  #bursting = false;

  constructor(agent: Agent, status: StatusReader) {
    this.#agent = agent;
    this.#status = status;
    this.#note(welcome);
    void this.#refreshStatus();
  }

  readonly view = (): View => this.#view;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** One render for a burst of keystrokes, however many they are. */
  press(keys: readonly ChatKey[]): void {
    this.#bursting = true;
    for (const key of keys) if (this.#view.phase.kind !== 'left') this.#press(key);
    this.#bursting = false;
    this.#tell();
  }

  #press(key: ChatKey): void {
    if (key.kind === 'interrupt') return this.#interrupt();
    this.#set({ hint: '' });
    if (key.kind === 'escape') return this.#view.phase.kind === 'running' ? this.#stop() : undefined;
    if (key.kind === 'complete') return this.#complete();
    if (key.kind !== 'end-of-input') return this.#edit(press(this.#view.editor, key));
    if (this.#view.editor.text === '') return this.#leave(0);
    return this.#edit(press(this.#view.editor, { kind: 'delete' }));
  }

  #edit({ editor, submitted, refused }: ReturnType<typeof press>): void {
    this.#set({ editor, hint: refused === true ? pasteHint : '' });
    if (submitted === undefined) return;
    this.#queue.push({ text: submitted, seen: this.#view.open });
    this.#takeWaiting();
  }

  #complete(): void {
    const { editor } = this.#view;
    if (slashCandidates(editor.text).length > 0)
      this.#set({ editor: onDraft(editor, completeSlash(editor.text)) });
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
    if (move !== undefined) this.#make(move);
  }

  #make(move: Move): void {
    switch (move.kind) {
      case 'ask':
        return void this.#run((options) => this.#agent.turn(move.text, options));
      case 'commit':
        return void this.#run((options) => this.#agent.confirm(move.plan, options));
      case 'reject':
        this.#set({ open: nothingOpen });
        this.#note(rejected(move.plan));
        return this.#make({ kind: 'ask', text: rejection });
      case 'say':
        return this.#note(move.text);
      case 'help':
        return this.#note(...helpLines);
      case 'leave':
        return this.#leave(0);
      default:
        return move satisfies never;
    }
  }

  async #run(ask: (options: TurnOptions) => Promise<Turn>): Promise<void> {
    const controller = new AbortController();
    this.#turn = controller;
    this.#set({ phase: { kind: 'running', what: 'reading the request', stopping: false } });
    const { signal } = controller;
    const turn = await attempt(() => ask({ signal, onEvent: (event) => this.#hear(event) }), signal);
    this.#turn = undefined;
    if (this.#view.phase.kind === 'left') return;
    this.#add({ kind: 'turn', turn });
    this.#set({ phase: { kind: 'idle' }, open: openAfter(this.#view.open, turn) });
    this.#takeWaiting();
    await this.#refreshStatus();
  }

  #hear(event: TurnEvent): void {
    const { phase } = this.#view;
    if (phase.kind !== 'running') return;
    if (event.kind === 'tool-ended') this.#add({ kind: 'tool', call: event.call });
    else if (event.kind === 'text')
      this.#set({ phase: { ...phase, draft: draftAfter(phase.draft, event.text) } });
    else this.#set({ phase: { kind: 'running', what: event.tool, stopping: phase.stopping } });
  }

  #interrupt(): void {
    if (this.#view.hint === leaveHint) return this.#leave(130);
    this.#stop();
    this.#set({ editor: onDraft(this.#view.editor, ''), hint: leaveHint });
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

  async #refreshStatus(): Promise<void> {
    this.#set({ status: await readStatus(this.#status) });
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
