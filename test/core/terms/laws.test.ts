import { constantFrom, sample, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { termsOf } from '../../../src/core/terms/terms.ts';
import { Demand, guaranteedCount } from '../../../src/model/demand.ts';
import { type Member, type Placement, seatsOf, type Term } from '../../../src/model/placement.ts';
import { Plan } from '../../../src/model/plan.ts';
import { ask } from '../acts.ts';
import { demands, fleets, seed } from '../arbitrary.ts';
import { type Details, type World, world } from '../fleet.ts';

type Promised = { readonly on: World; readonly plan: Plan };

/** What is planned of drawn demands on drawn fleets. Planned once, for all laws. */
function plansOf(draws: readonly (readonly [readonly (string | Details)[], Demand])[]): readonly Promised[] {
  return draws.flatMap(([fleet, asked]) => {
    const on = world(...fleet);
    const answer = ask(on, asked);
    return answer.kind === 'refused' ? [] : [{ on, plan: answer.plan }];
  });
}

const losses = constantFrom({ loss: 'node', membersLeft: 1 }, { loss: 'rack', membersLeft: 1 });
const lasting = tuple(demands, losses).map(([asked, survive]) => Demand.parse({ ...asked, survive }));

const plans = plansOf(sample(tuple(fleets, demands), { seed, numRuns: 120 }));
const lastingPlans = plansOf(sample(tuple(fleets, lasting), { seed, numRuns: 100 }));
const all = [...plans, ...lastingPlans];

/** The whole numbers that a promise names, in their order. */
const numbersIn = ({ promise }: Term): readonly number[] => (promise.match(/[0-9]+/gu) ?? []).map(Number);

const ofKind = (terms: readonly Term[], kind: Term['kind']) => terms.filter((term) => term.kind === kind);

function gpuCountOf(members: readonly Member[]): number {
  return members.reduce((sum, { gpus }) => sum + gpus.length, 0);
}

/** Replicas with GPUs that are left when one place is lost: spares of the same site stand in, as many as are left there. */
function leftAfter(
  lost: string,
  levelOf: (seat: Member) => string,
  { members, spares = [] }: Placement,
): number {
  const isLost = (seat: Member) => levelOf(seat) === lost;
  const isHere = ({ node }: Member) => node.split('/')[0] === lost.split('/')[0];
  const standing = members.filter((seat) => !isLost(seat)).length;
  const missing = members.length - standing;
  return standing + Math.min(missing, spares.filter((seat) => isHere(seat) && !isLost(seat)).length);
}

const withoutSites = (terms: readonly Term[]) => terms.filter(({ kind }) => kind !== 'residency');

describe('whatever is planned', () => {
  test('is enough to speak of', () => {
    expect(plans.length).toBeGreaterThan(35);
    expect(lastingPlans.length).toBeGreaterThan(8);
  });

  test('its promises stay within what a plan may hold, and what nothing holds is only declared', () => {
    for (const { plan } of all) {
      expect(Plan.parse(plan)).toEqual(plan);
      const unheld = plan.terms.filter(({ heldAs }) => heldAs.startsWith('nothing'));
      expect(unheld.every(({ strength }) => strength === 'declared')).toBe(true);
    }
  });

  test('the devices that are promised are those of its members, to the GPU and the node', () => {
    for (const { plan } of all) {
      const { members } = plan.placement;
      const nodeCount = new Set(members.map(({ node }) => node)).size;
      expect(ofKind(plan.terms, 'devices').map(numbersIn)).toEqual([[gpuCountOf(members), nodeCount]]);
    }
  });

  test('the watts that are promised are those of its seats', () => {
    const held = all.map(({ plan: { terms, placement } }) => ({
      drawn: seatsOf(placement).reduce((sum, seat) => sum + seat.powerW, 0),
      promised: ofKind(terms, 'power').find(({ promise }) => promise.includes(' W held on ')),
    }));
    expect(held.map(({ promised }) => (promised === undefined ? 0 : numbersIn(promised)[0]))).toEqual(
      held.map(({ drawn }) => drawn),
    );
    expect(held.filter(({ drawn }) => drawn > 0).length).toBeGreaterThan(20);
  });

  test('what is promised to be left after a loss is what is left after the worst one, and enough', () => {
    for (const { on, plan } of lastingPlans) {
      const { loss, membersLeft = 0 } = plan.demand.survive ?? {};
      const counted = countedOf(plan.demand, plan.placement);
      const levelOf = ({ node }: Member) =>
        loss === 'node' ? node : (on.state.fleet.nodeById.get(node)?.rack ?? node);
      const places = new Set(seatsOf(counted).map(levelOf));
      const worst = Math.min(...[...places].map((place) => leftAfter(place, levelOf, counted)));
      const [term] = ofKind(plan.terms, 'survival').map(numbersIn);
      // With spares their number comes first.
      expect(term?.slice(-3)).toEqual([worst, counted.members.length, membersLeft]);
      expect(worst).toBeGreaterThanOrEqual(membersLeft);
    }
  });

  test('the order of its members changes no more than the order of its sites', () => {
    for (const { on, plan } of all) {
      const turned = { ...plan.placement, members: plan.placement.members.toReversed() };
      const again = termsOf(on.state.fleet, plan.demand, turned, plan.price);
      expect(withoutSites(again)).toEqual(withoutSites(plan.terms));
    }
  });
});

/** The seats that count for survival: replicas with GPUs, or all where none has any, and the spares. */
function countedOf({ parts }: Demand, placement: Placement): Placement {
  const anyGpus = parts.some(({ each }) => each.gpus !== undefined);
  const firm = new Map(
    parts
      .filter(({ each }) => !anyGpus || each.gpus !== undefined)
      .map((part) => [part.name, guaranteedCount(part)]),
  );
  return {
    ...placement,
    members: placement.members.filter(({ part, replica }) => replica < (firm.get(part) ?? 0)),
  };
}
