import type { Demand } from '../../model/demand.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { StartRange } from '../place/site.ts';
import { canSolve, type Candidate, solve } from '../place/solve.ts';
import type { State } from '../state.ts';

type Wish = { readonly demand: Demand; readonly starts: StartRange; readonly isPlain?: boolean };

/**
 * What was found out while one refusal is explained, by what was asked: offers, conflict sets and pairs of changes come
 * to the same questions. It serves one state and one verdict.
 */
export class Answers {
  readonly #best = new Map<string, Candidate | undefined>();
  readonly #fits = new Map<string, boolean>();

  /** The best way to serve a wish, by its start and its price; nothing where there is none. */
  best(state: State, verdict: PolicyVerdict, wish: Wish): Candidate | undefined {
    const key = keyOf(wish);
    if (this.#best.has(key)) return this.#best.get(key);
    const found = this.#fits.get(key) === false ? undefined : bestFor(state, verdict, wish);
    this.#best.set(key, found);
    this.#fits.set(key, found !== undefined);
    return found;
  }

  /** Whether there is any way to serve a wish. It is looked for first where something like it was found. */
  fits(state: State, verdict: PolicyVerdict, wish: Wish, near?: Candidate): boolean {
    const key = keyOf(wish);
    const { demand, starts, isPlain = false } = wish;
    const fits =
      this.#fits.get(key) ??
      canSolve(state, verdict, { demand, starts, isPlain, ...(near === undefined ? {} : { near }) });
    this.#fits.set(key, fits);
    return fits;
  }

  /** The best way to serve a wish as far as it was asked for. */
  known(wish: Wish): Candidate | undefined {
    return this.#best.get(keyOf(wish));
  }
}

function bestFor(state: State, verdict: PolicyVerdict, wish: Wish): Candidate | undefined {
  const { demand, starts, isPlain = false } = wish;
  const result = solve(state, verdict, { demand, starts, isPlain, isTrial: true, isOutline: true });
  return result.kind === 'solved' ? result.best : undefined;
}

function keyOf({ demand, starts, isPlain = false }: Wish): string {
  return JSON.stringify([demand, starts, isPlain]);
}
