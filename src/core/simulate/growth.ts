import type { Demand } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import type { Placement } from '../../model/placement.ts';
import type { Refusal } from '../../model/refusal.ts';
import { compareText } from '../../model/text.ts';
import { withHolding } from '../calendar/holding.ts';
import { plan } from '../plan.ts';
import type { State } from '../state.ts';
import type { Edit, Judge } from './edit.ts';

type Wish = Extract<Edit, { kind: 'grow' }>;

/** How many demands of one kind still fit, and what stops the first that does not. */
export type Growth = {
  readonly wish: Wish;
  readonly fit: number;
  /** Counted from 1, and when it wanted to start. */
  readonly first?: {
    readonly number: number;
    readonly startMs: number;
    readonly binding: string;
    readonly refusal: Refusal;
  };
  /** Demands by the site that took them, in the order of the sites. */
  readonly sites: readonly { readonly site: Path; readonly count: number }[];
  /** What all that fit cost over their whole time; nothing where one is open-ended or has no price. */
  readonly totalMicroEur?: number;
  readonly state: State;
};

/** Plans one demand after the other and holds what fits. Equal ones at one time are not tried again after a no. */
export function grow(state: State, wish: Wish, atMs: number, judge: Judge): Growth {
  let next = state;
  let first: Growth['first'];
  const taken: { readonly site: Path; readonly totalMicroEur: number | undefined }[] = [];
  for (let at = 0; at < wish.times; at++) {
    const demand = shifted(wish.demand, at * wish.everyMs);
    const answer = plan(next, { atMs, verdict: judge(next, demand) }, demand);
    if (answer.kind === 'planned') {
      const { placement, price } = answer.plan;
      next = holding(next, `growth ${at + 1}`, demand, placement);
      taken.push({ site: siteIn(next, placement), totalMicroEur: price.totalMicroEur });
      continue;
    }
    const { refusal } = answer;
    first ??= {
      number: at + 1,
      startMs: demand.window.earliestStartMs,
      binding: bindingOf(refusal),
      refusal,
    };
    if (wish.everyMs === 0) break;
  }
  return { wish, fit: taken.length, ...(first === undefined ? {} : { first }), ...sums(taken), state: next };
}

function shifted({ window, ...demand }: Demand, byMs: number): Demand {
  const { earliestStartMs, latestStartMs, deadlineMs } = window;
  return {
    ...demand,
    window: {
      ...window,
      earliestStartMs: earliestStartMs + byMs,
      ...(latestStartMs === undefined ? {} : { latestStartMs: latestStartMs + byMs }),
      ...(deadlineMs === undefined ? {} : { deadlineMs: deadlineMs + byMs }),
    },
  };
}

function holding(state: State, id: string, demand: Demand, placement: Placement): State {
  return withHolding(state, { id, tenant: demand.tenant, demand, placement });
}

function siteIn({ fleet }: State, { members }: Placement): Path {
  const node = members.flatMap((member) => fleet.nodeById.get(member.node) ?? [])[0];
  if (node === undefined) throw new Error('a plan without a node');
  return node.site;
}

function bindingOf(refusal: Refusal): string {
  if (refusal.kind !== 'no-capacity') return refusal.kind;
  return refusal.nearest?.binding ?? refusal.conflict[0] ?? refusal.kind;
}

function sums(
  taken: readonly { readonly site: Path; readonly totalMicroEur: number | undefined }[],
): Pick<Growth, 'sites' | 'totalMicroEur'> {
  const sites = [...Map.groupBy(taken, ({ site }) => site)]
    .map(([site, demands]) => ({ site, count: demands.length }))
    .toSorted((a, b) => compareText(a.site, b.site));
  const totals = taken.flatMap(({ totalMicroEur }) => totalMicroEur ?? []);
  if (totals.length < taken.length || taken.length === 0) return { sites };
  return { sites, totalMicroEur: totals.reduce((sum, total) => sum + total, 0) };
}
