import type { Demand } from '../../model/demand.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { StartRange } from '../place/site.ts';
import type { Candidate } from '../place/solve.ts';
import type { State } from '../state.ts';
import { Answers } from './answers.ts';
import { later } from './relax.ts';
import { requirements } from './requirements.ts';

/** No refusal costs more searches than this. What was not tried by then stays in the set. */
const solveLimit = 16;

type Asked = {
  readonly demand: Demand;
  readonly starts: StartRange;
  readonly isPlain?: boolean;
  /** What was found out of the same refusal before. */
  readonly answers?: Answers;
};

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
  const { answers = new Answers() } = asked;
  let solves = 0;
  const fitsWithout = (dropped: readonly Drop[]) => {
    solves++;
    return answers.fits(state, verdict, lacking(asked, dropped), nearTo(asked, dropped, answers));
  };
  const present = drops.filter(({ from }) => from(asked) !== undefined);
  if (!fitsWithout(present)) return [];
  let conflict = present;
  for (const drop of present) {
    if (solves >= solveLimit) break;
    const rest = conflict.filter((other) => other !== drop);
    // Without any of them it fits: that was asked first.
    if (rest.length > 0 && !fitsWithout(present.filter((one) => !rest.includes(one)))) conflict = rest;
  }
  return conflict.map(({ name }) => name);
}

/**
 * Where it fits once only one of some requirements is left out: there it mostly does without all of them. Told of a
 * single part of whole GPUs alone, whose search misses nothing, so that it never makes another answer.
 */
function nearTo(asked: Asked, dropped: readonly Drop[], answers: Answers): Candidate | undefined {
  if (asked.isPlain === true || !isSimple(asked.demand)) return undefined;
  for (const { from } of dropped) {
    const alone = from(asked);
    const found = alone === undefined ? undefined : answers.known(alone);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isSimple({ parts, flows = [], survive, budget }: Demand): boolean {
  const isPlainPart = parts.length === 1 && parts[0]?.each.gpus?.slice === undefined;
  return isPlainPart && flows.length === 0 && survive === undefined && budget === undefined;
}

function lacking(asked: Asked, dropped: readonly Drop[]): Asked {
  return dropped.reduce((left, { from }) => from(left) ?? left, asked);
}
