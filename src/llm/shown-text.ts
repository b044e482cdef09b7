import type { TurnOptions } from '../agent/agent.ts';
import type { Evidence } from './evidence.ts';
import type { Veil } from './pseudonyms/veil.ts';

/**
 * Words of a model on their way to the screen, word by word: with the names given back, and with the marks that the
 * whole reply will have, so that what is shown early need not be taken back.
 */
export class ShownText {
  readonly #veil: Veil;
  readonly #evidence: Evidence;
  readonly #options: TurnOptions;
  #names: ReturnType<Veil['revealing']>;
  #said = '';
  #shownLength = 0;

  constructor(veil: Veil, evidence: Evidence, options: TurnOptions) {
    this.#veil = veil;
    this.#evidence = evidence;
    this.#options = options;
    this.#names = veil.revealing();
  }

  push(piece: string): void {
    this.#said += this.#names.push(piece);
    this.#show(this.#said.search(/\S*$/u));
  }

  /** Nothing more is coming that could belong to what was said. */
  end(): void {
    this.#said += this.#names.end();
    this.#show(this.#said.length);
    this.#names = this.#veil.revealing();
    this.#said = '';
    this.#shownLength = 0;
  }

  /** A number is marked when it is whole, which only what follows shows. */
  #show(upTo: number): void {
    const marked = this.#evidence.marked(this.#said.slice(0, upTo));
    const text = marked.slice(this.#shownLength);
    this.#shownLength = Math.max(this.#shownLength, marked.length);
    if (text !== '') this.#options.onEvent?.({ kind: 'text', text });
  }
}
