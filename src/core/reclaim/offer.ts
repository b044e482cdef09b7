import type { Demand } from '../../model/demand.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import type { Relaxation } from '../../model/refusal.ts';
import type { StartRange } from '../place/site.ts';
import type { State } from '../state.ts';
import { endsWords } from './preempt-words.ts';
import { type Preemption, preemptionFor } from './victims.ts';

type Asked = { readonly demand: Demand; readonly starts: StartRange };

/** What others would have to give up so that there is room for a demand as it stands, last and dearest. */
export function reclaimOffers(state: State, verdict: PolicyVerdict, asked: Asked): readonly Relaxation[] {
  return [preemptOffer(state, verdict, asked)].flatMap((offer) => offer ?? []);
}

/** The offer to end preemptible contracts; nothing where that makes no room, or where it was asked for already. */
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
      : preemptionFor(state, verdict, { demand, starts: { earliestMs: startMs, latestMs: startMs } });
  if (fixed === undefined) return undefined;
  const { totalMicroEur } = fixed.solved.best.price;
  return {
    change: endsWords(fixed.victims, startMs),
    demand,
    startMs,
    ...(totalMicroEur === undefined ? {} : { totalMicroEur }),
  };
}

function startingAt(demand: Demand, startMs: number): Demand {
  const { latestStartMs: _latest, deadlineMs: _deadline, ...window } = demand.window;
  return { ...demand, window: { ...window, earliestStartMs: startMs } };
}
