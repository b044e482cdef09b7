import { assert, constantFrom, integer, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { never } from '../../../src/core/calendar/calendar.ts';
import { check } from '../../../src/core/check.ts';
import { digestState } from '../../../src/core/digest.ts';
import { drain } from '../../../src/core/drain/drain.ts';
import { Path } from '../../../src/model/id.ts';
import { identify } from '../../../src/model/plan.ts';
import { act, take } from '../acts.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, verdictAll, type World, world } from '../fleet.ts';
import { anywhere, crowds, lose, outcomes, run } from '../simulate/edits.ts';

function drained(
  { state }: World,
  nodes: readonly string[],
  { fromMs = t0, untilMs = never, allowPrice = false, offers = false, atMs = t0 } = {},
) {
  const paths = nodes.map((node) => Path.parse(node));
  return drain(state, { nodes: paths, fromMs, untilMs, allowPrice, offers }, anywhere, atMs);
}

const [n01, n02, n03] = ['fra1/h1/r1/n01', 'fra1/h1/r1/n02', 'fra1/h1/r1/n03'] as const;

/** Takes GPUs on a node by keeping out of all others, so that the contract itself may go anywhere in its site. */
function on(before: World, text: string, node: string, more: object = {}): World {
  const others = before.state.fleet.nodes.filter(({ id }) => id !== node).map(({ id }) => id);
  const cordoned = new Set(others);
  const { fleet } = before.state;
  const nodes = fleet.nodes.map((known) =>
    cordoned.has(known.id) ? { ...known, schedulable: false } : known,
  );
  const sites = fleet.sites.map((site) => ({
    ...site,
    nodes: nodes.filter((known) => known.site === site.id),
  }));
  const nodeById = new Map(nodes.map((known) => [known.id, known]));
  const alone = { ...before, state: { ...before.state, fleet: { ...fleet, nodes, sites, nodeById } } };
  const after = take(alone, demand(text, more));
  return { ...after, state: { ...after.state, fleet } };
}

describe('draining', () => {
  const three = world('fra1/h1/r1 3×8 H100 cpu64 mem512');

  test('a node on which nothing runs is free at once', () => {
    const done = drained(on(three, '1×8 H100 24h', n01), [n02]);
    expect(done).toMatchObject({
      moves: [],
      hindrances: [],
      nodes: [{ node: n02, freeAtMs: t0, heldBy: [] }],
    });
  });

  test('a contract goes to another node, from the begin of the drain on', () => {
    const done = drained(on(three, '1×8 H100 24h', n01), [n01], { fromMs: t0 + hourMs });
    expect(done.moves).toMatchObject([
      {
        contract: { id: 'C-101' },
        how: 'whole',
        placement: { startMs: t0 + hourMs, endMs: t0 + 24 * hourMs },
      },
    ]);
    expect(done.nodes).toMatchObject([{ freeAtMs: t0 + hourMs, heldBy: [] }]);
  });

  test('a contract that is over by then needs nothing, nor one that begins after the window', () => {
    const early = on(three, '1×8 H100 5h', n01);
    const late = on(early, '1×8 H100', n01, {
      window: { earliestStartMs: t0 + 9 * hourMs, durationS: 3600 },
    });
    const done = drained(late, [n01], { fromMs: t0 + 5 * hourMs, untilMs: t0 + 9 * hourMs });
    expect(done).toMatchObject({ moves: [], hindrances: [], untouched: [{ id: 'C-101' }, { id: 'C-102' }] });
  });

  test('only the members on the node move, the others keep their devices', () => {
    const gang = take(three, demand('2×8 H100 24h'));
    const [first] = gang.state.contracts.at(0)?.placement.members ?? [];
    const done = drained(gang, [first?.node ?? '']);
    expect(done.moves).toMatchObject([{ how: 'in-part' }]);
    expect(done.moves[0]?.placement.members.map(({ node }) => node).toSorted()).toEqual([n02, n03]);
  });

  test('two that want the one free node: the guaranteed one goes, the other is named with its end', () => {
    const soft = on(three, '1×8 H100 24h', n01, { guarantee: 'preemptible' });
    const both = on(soft, '1×8 H100 30h', n02);
    const done = drained(both, [n01, n02]);
    expect(done.moves.map(({ contract }) => contract.id)).toEqual(['C-102']);
    expect(done.hindrances).toMatchObject([{ contract: { id: 'C-101' }, binding: 'free-over-window' }]);
    expect(done.nodes).toMatchObject([
      { node: n01, freeAtMs: t0 + 24 * hourMs, heldBy: [{ id: 'C-101' }] },
      { node: n02, freeAtMs: t0, heldBy: [] },
    ]);
  });

  test('a contract without end that cannot move keeps its node for good', () => {
    const stuck = take(three, demand('1×8 H100', { where: [n01] }));
    const [node] = drained(stuck, [n01]).nodes;
    expect(node).not.toHaveProperty('freeAtMs');
    expect(node?.heldBy.map(({ id }) => id)).toEqual(['C-101']);
  });

  test('by itself a node is free when there is a gap as long as the window', () => {
    const first = take(three, demand('1×8 H100 5h', { where: [n01] }));
    const window = { earliestStartMs: t0 + 6 * hourMs, durationS: 4 * 3600 };
    const second = take(first, demand('1×8 H100', { where: [n01], window }));
    const free = (hours: number) =>
      drained(second, [n01], { untilMs: t0 + hours * hourMs }).nodes[0]?.freeAtMs;
    expect(free(1)).toBe(t0 + 5 * hourMs);
    expect(free(2)).toBe(t0 + 10 * hourMs);
  });

  test('nobody pays more for a drain, unless it is allowed', () => {
    const prices = { ams2: { gpuPrices: { H100: 2 } }, fra1: { gpuPrices: { H100: 3 } } };
    const two = world('ams2/h1/a1 1×8 H100', 'fra1/h1/r1 1×8 H100', { sites: prices });
    const cheap = take(two, demand('1×8 H100 24h'));
    expect(drained(cheap, ['ams2/h1/a1/n01']).hindrances).toMatchObject([{ binding: 'price' }]);
    expect(drained(cheap, ['ams2/h1/a1/n01'], { allowPrice: true }).moves).toMatchObject([
      { wasMicroEurPerHour: 16, isMicroEurPerHour: 24 },
    ]);
  });

  test('a move that makes room for another comes before it', () => {
    // The gang of two may only stand in one rack; the single one has to leave that rack first.
    const racks = world('fra1/h1/r1 2×8 H100', 'fra1/h1/r2 2×8 H100', 'fra1/h1/r3 1×8 H100');
    const gang = take(racks, demand('2×8 H100 24h together:rack', { where: ['fra1/h1/r1', 'fra1/h1/r2'] }));
    const inRack = gang.state.contracts.at(0)?.placement.members[0]?.node.slice(0, -4) ?? '';
    const other = inRack.endsWith('r1') ? 'fra1/h1/r2' : 'fra1/h1/r1';
    const both = on(gang, '1×8 H100 24h', `${other}/n01`, { guarantee: 'preemptible' });
    const done = drained(both, [`${inRack}/n01`, `${other}/n01`]);
    expect(done.hindrances.map(({ contract }) => contract.id)).toEqual(['C-101']);
    const rest = drained(both, [`${other}/n01`]);
    expect(rest.moves.map(({ contract }) => contract.id)).toEqual(['C-102']);
  });

  test('carried out one after the other, every step passes the check, and nothing given changes', () => {
    let moved = 0;
    assert(
      property(
        tuple(
          crowds,
          constantFrom(n01, 'fra1/h1/r2/n01', 'ams2/h1/a1/n01', 'fra1/h2/r3/n02'),
          integer({ min: 0, max: 4 }),
        ),
        ([now, node, hours]) => {
          const before = digestState(now.state);
          const done = drained(now, [node], { fromMs: t0 + hours * hourMs, allowPrice: true });
          expect(digestState(now.state)).toBe(before);
          let { calendar } = now.state;
          for (const { contract, placement } of done.moves) {
            moved++;
            expect(placement.members.every((member) => member.node !== node)).toBe(true);
            const own = ({ holder }: { holder: string }) => holder === contract.id;
            const others = calendar.map((holds) => holds.filter((hold) => !own(hold)));
            const { budget: _budget, ...wish } = contract.demand;
            const length =
              placement.endMs === undefined
                ? {}
                : { durationS: (placement.endMs - placement.startMs) / 1000 };
            const asked = { ...wish, window: { earliestStartMs: placement.startMs, ...length } };
            const verdict = verdictAll(now.state, 'allowed');
            expect(check({ ...now.state, calendar: others }, asked, verdict, placement)).toEqual([]);
            const index = (id: string) => now.state.fleet.nodes.findIndex((known) => known.id === id);
            const stands = new Set(placement.members.map((member) => index(member.node)));
            const after = done.state.calendar;
            calendar = others.map((holds, at) =>
              stands.has(at) ? [...holds, ...(after[at] ?? []).filter(own)] : holds,
            );
          }
        },
      ),
      { seed, numRuns: 60 },
    );
    expect(moved).toBeGreaterThan(30);
  });
});

describe('moves as plans', () => {
  const three = world('fra1/h1/r1 3×8 H100 cpu64 mem512');

  test('a move that needs no other move is a plan that changes the contract, and a commit takes it', () => {
    const held = on(three, '1×8 H100 24h', n01);
    const [move] = drained(held, [n01], { offers: true, fromMs: t0 + hourMs }).moves;
    if (move?.offer === undefined) throw new Error('no plan');
    const { offer } = move;
    expect(offer).toMatchObject({ changes: { contract: 'C-101', version: 1 }, placement: move.placement });
    held.archive.keepPlan(offer);
    const { id, digest } = identify(offer);
    const command = {
      kind: 'change-contract',
      contract: move.contract.id,
      plan: id,
      planDigest: digest,
    } as const;
    const { world: after, decision } = act(held, command);
    expect(decision).toMatchObject({ kind: 'contract-changed', contract: 'C-101', version: 2 });
    expect(drained(after, [n01], { fromMs: t0 + hourMs })).toMatchObject({ moves: [], hindrances: [] });
    // Until the change takes over, the contract still stands where it was: losing that is seen, and only that moves.
    const lost = run(after, [lose([n01])]);
    expect(outcomes(lost)).toEqual(['C-101 moves whole']);
    expect(lost.unaffected).toBe(0);
    expect(lost.affected[0]?.move).toMatchObject({ placement: { startMs: t0, endMs: t0 + hourMs } });
    const [target = ''] = offer.placement.members.map(({ node }) => node);
    expect(run(after, [lose([target])]).affected.map(({ fromMs }) => fromMs)).toEqual([t0 + hourMs]);
  });

  test('where two would want the same room, only one of them is offered', () => {
    const both = on(on(three, '1×8 H100 24h', n01), '1×8 H100 24h', n02);
    const done = drained(both, [n01, n02], { offers: true });
    expect(done.moves.map(({ offer }) => offer?.changes?.contract)).toEqual(['C-101']);
    expect(done.hindrances.map(({ contract }) => contract.id)).toEqual(['C-102']);
  });

  test('a plan that would cost more is not offered', () => {
    const prices = { ams2: { gpuPrices: { H100: 2 } }, fra1: { gpuPrices: { H100: 3 } } };
    const two = world('ams2/h1/a1 1×8 H100', 'fra1/h1/r1 1×8 H100', { sites: prices });
    const cheap = take(two, demand('1×8 H100 24h'));
    const asked = (allowPrice: boolean) =>
      drained(cheap, ['ams2/h1/a1/n01'], { offers: true, allowPrice }).moves.map(({ offer }) => offer?.price);
    expect(asked(false)).toEqual([]);
    expect(asked(true)).toMatchObject([{ microEurPerHour: 24 }]);
  });
});
