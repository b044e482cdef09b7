import type { Demand } from '../../model/demand.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { StartRange } from '../place/site.ts';
import { canSolve } from '../place/solve.ts';
import type { State } from '../state.ts';
import { later } from './relax.ts';
import { requirements } from './requirements.ts';

/** No refusal costs more searches than this. What was not tried by then stays in the set. */
const solveLimit = 16;

type Asked = { readonly demand: Demand; readonly starts: StartRange; readonly isPlain?: boolean };

/** A requirement left out of what is asked; nothing when it is not in it. */
type Drop = { readonly name: string; readonly from: (asked: Asked) => Asked | undefined };

const drops: readonly Drop[] = [
  ...requirements.map(({ name, without }): Drop => ({
    name,
    from: (asked) => {
      const demand = without(asked.demand);
      return demand === undefined ? undefined : { ...asked, demand };
    },
  })),
  { name: 'window', from: later },
];

/**
 * A smallest set of requirements that cannot be met together: without all others they still do not fit, and
 * without any one of them the rest does. Found by deletion: each requirement is left out in turn, and stays out
 * as long as there is no room without it. Empty when there is no room even without any. Other sets may stand in
 * the way besides; leaving out a member of this one then shows the next.
 */
export function conflictOf(state: State, verdict: PolicyVerdict, asked: Asked): readonly string[] {
  let solves = 0;
  const fits = (wish: Asked) => {
    solves++;
    return canSolve(state, verdict, wish);
  };
  const present = drops.filter(({ from }) => from(asked) !== undefined);
  if (!fits(lacking(asked, present))) return [];
  let conflict = present;
  for (const drop of present) {
    if (solves >= solveLimit) break;
    const rest = conflict.filter((other) => other !== drop);
    // Without any of them it fits: that was asked first.
    if (rest.length > 0 && !fits(onlyWith(asked, present, rest))) conflict = rest;
  }
  return conflict.map(({ name }) => name);
}

function onlyWith(asked: Asked, present: readonly Drop[], kept: readonly Drop[]): Asked {
  return lacking(
    asked,
    present.filter((drop) => !kept.includes(drop)),
  );
}

function lacking(asked: Asked, dropped: readonly Drop[]): Asked {
  return dropped.reduce((left, { from }) => from(left) ?? left, asked);
}
