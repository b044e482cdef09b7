import type { Demand, Part } from '../model/demand.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import type { Relaxation } from '../model/refusal.ts';
import { dayMs } from '../model/unit.ts';
import type { StartRange } from './place/site.ts';
import { type Candidate, solve } from './place/solve.ts';
import type { State } from './state.ts';

/** How far ahead a later start is looked for. */
const horizonMs = 90 * dayMs;

/** No more offers than a person reads. */
const offerLimit = 6;

type Asked = { readonly demand: Demand; readonly starts: StartRange };
type Edit = { readonly change: string; readonly asked: Asked };

/**
 * Changes of the demand that turn the no into a yes, in the order in which people usually give way. Each one
 * was solved on this state and its demand is narrowed to the start and the models that were found, so that
 * asking again with it gives that answer.
 */
export function relaxations(state: State, verdict: PolicyVerdict, asked: Asked): readonly Relaxation[] {
  const offers: Relaxation[] = [];
  for (const edit of [later(asked), ...loosened(asked)]) {
    const found = edit === undefined ? undefined : tried(state, verdict, edit.asked);
    if (edit !== undefined && found !== undefined) offers.push(offer(edit.change, edit.asked.demand, found));
  }
  const smaller = largestThatFits(state, verdict, asked);
  if (smaller !== undefined) offers.push(smaller);
  return offers.slice(0, offerLimit);
}

function tried(state: State, verdict: PolicyVerdict, asked: Asked): Candidate | undefined {
  const result = solve(state, verdict, asked);
  return result.kind === 'solved' ? result.best : undefined;
}

function offer(change: string, demand: Demand, found: Candidate): Relaxation {
  const { latestStartMs: _latest, deadlineMs: _deadline, ...window } = demand.window;
  return {
    change,
    demand: { ...demand, window: { ...window, earliestStartMs: found.startMs } },
    startMs: found.startMs,
    ...(found.price.totalMicroEur === undefined ? {} : { totalMicroEur: found.price.totalMicroEur }),
  };
}

function later({ demand, starts }: Asked): Edit {
  const latestMs = starts.earliestMs + horizonMs;
  const { deadlineMs: _deadline, ...window } = demand.window;
  return {
    change: 'start later',
    asked: {
      demand: { ...demand, window: { ...window, latestStartMs: latestMs } },
      starts: { ...starts, latestMs },
    },
  };
}

/** One requirement left out at a time; those the demand does not have are skipped. */
function loosened({ demand, starts }: Asked): readonly (Edit | undefined)[] {
  const { together: _together, where: _where, ...loose } = demand;
  const edit = (change: string, wanted: boolean, relaxed: Demand): Edit | undefined =>
    wanted ? { change, asked: { demand: relaxed, starts } } : undefined;
  const eachPart = (change: (part: Part) => Part): Demand => ({ ...demand, parts: demand.parts.map(change) });
  const some = (test: (part: Part) => boolean) => demand.parts.some(test);
  return [
    edit(
      'another GPU model',
      some((part) => part.each.gpus?.models !== undefined),
      eachPart(anyModel),
    ),
    edit(
      'anywhere the rules allow',
      demand.where !== undefined,
      demand.together === undefined ? loose : { ...loose, together: demand.together },
    ),
    edit(
      'not kept so close together',
      demand.together !== undefined && demand.together !== 'site',
      demand.where === undefined ? loose : { ...loose, where: demand.where },
    ),
    edit(
      'replicas of a part not kept together or apart',
      some((part) => part.within !== undefined || part.apart !== undefined),
      eachPart(anywhere),
    ),
    edit(
      'without RDMA',
      some((part) => part.each.rdma !== undefined),
      eachPart(withoutRdma),
    ),
    edit(
      'without an accelerator link',
      some((part) => part.each.gpus?.link !== undefined),
      eachPart(withoutLink),
    ),
  ];
}

function anyModel(part: Part): Part {
  if (part.each.gpus === undefined) return part;
  const { models: _models, ...gpus } = part.each.gpus;
  return { ...part, each: { ...part.each, gpus } };
}

function anywhere({ within: _within, apart: _apart, ...part }: Part): Part {
  return part;
}

function withoutRdma(part: Part): Part {
  const { rdma: _rdma, ...each } = part.each;
  return { ...part, each };
}

function withoutLink(part: Part): Part {
  if (part.each.gpus === undefined) return part;
  const { link: _link, linkMbps: _linkMbps, ...gpus } = part.each.gpus;
  return { ...part, each: { ...part.each, gpus } };
}

/** The most replicas of the first part with several of them, found by halving: fewer always fit where more do. */
function largestThatFits(
  state: State,
  verdict: PolicyVerdict,
  { demand, starts }: Asked,
): Relaxation | undefined {
  const part = demand.parts.find(({ count }) => count > 1);
  if (part === undefined) return undefined;
  const withCount = (count: number): Demand => ({
    ...demand,
    parts: demand.parts.map((other) => (other === part ? { ...part, count } : other)),
  });
  let fits = 0;
  let best: Candidate | undefined;
  let fails = part.count;
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    const found = tried(state, verdict, { demand: withCount(middle), starts });
    if (found === undefined) fails = middle;
    else [fits, best] = [middle, found];
  }
  if (best === undefined) return undefined;
  const gpus = part.each.gpus?.count ?? 0;
  const change =
    gpus === 0
      ? `${fits} instead of ${part.count} replicas of \`${part.name}\``
      : `${fits * gpus} instead of ${part.count * gpus} GPUs`;
  return offer(change, withCount(fits), best);
}
