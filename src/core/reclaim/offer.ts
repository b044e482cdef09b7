import type { Demand } from '../../model/demand.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { Relaxation } from '../../model/refusal.ts';
import { offerPrice } from '../explain/relax.ts';
import type { StartRange } from '../place/site.ts';
import type { State } from '../state.ts';
import { lossWords } from './preempt-words.ts';
import { type Repair, repairFor } from './repair.ts';
import { type Preemption, preemptionFor } from './victims.ts';

type Asked = {
  readonly demand: Demand;
  readonly starts: StartRange;
  readonly isPlain?: boolean;
  /** When somebody asks. */
  readonly atMs: number;
};

/** What others would have to give up so that there is room for a demand as it stands, last and dearest. */
export function reclaimOffers(state: State, verdict: PolicyVerdict, asked: Asked): readonly Relaxation[] {
  return [repairOffer(state, verdict, asked), preemptOffer(state, verdict, asked)].flatMap(
    (offer) => offer ?? [],
  );
}

/** The offer to move a few contracts aside first; at the earliest start only. */
function repairOffer(
  state: State,
  verdict: PolicyVerdict,
  { demand, starts: { earliestMs }, isPlain = false, atMs }: Asked,
): Relaxation | undefined {
  const found = repairFor(state, verdict, {
    demand,
    startMs: earliestMs,
    isPlain,
    atMs: Math.min(atMs, earliestMs),
  });
  if (found === undefined) return undefined;
  return {
    change: movesWords(found.moves),
    demand: startingAt(demand, earliestMs),
    startMs: earliestMs,
    ...offerPrice(found.best),
    moves: found.moves.map(({ contract, seats }) => ({ contract, members: [...seats] })),
  };
}

/** `after moving C-104 to fra1/h1/r13/n03, then C-107 to fra1/h1/r12/n01`. */
function movesWords(moves: Repair['moves']): string {
  const words = moves.map(({ contract, seats }) => {
    const [first, ...others] = [...new Set(seats.map(({ node }) => node))];
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    return `${contract} to ${first ?? 'nowhere'}${more}`;
  });
  return `after moving ${words.join(', then ')}`.slice(0, 300);
}

/** The offer to end preemptible contracts or to take extras; nothing where that makes no room, or where it was asked for already. */
function preemptOffer(state: State, verdict: PolicyVerdict, asked: Asked): Relaxation | undefined {
  if (asked.demand.mayPreempt === true) return undefined;
  const found = preemptionFor(state, verdict, asked);
  if (found === undefined) return undefined;
  const { startMs } = found.solved.best;
  const demand = startingAt({ ...asked.demand, mayPreempt: true }, startMs);
  // Losses count from the start that is asked for, so the fixed start may call for other victims.
  const fixed: Preemption | undefined =
    startMs === asked.starts.earliestMs
      ? found
      : preemptionFor(state, verdict, {
          demand,
          starts: { earliestMs: startMs, latestMs: startMs },
          isPlain: asked.isPlain === true,
        });
  if (fixed === undefined) return undefined;
  return {
    change: lossWords(fixed.victims, startMs).slice(0, 300),
    demand,
    startMs,
    ...offerPrice(fixed.solved.best),
  };
}

function startingAt(demand: Demand, startMs: number): Demand {
  const { latestStartMs: _latest, deadlineMs: _deadline, ...window } = demand.window;
  return { ...demand, window: { ...window, earliestStartMs: startMs } };
}
