import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { ContractId } from '../../../src/model/id.ts';
import { change, take } from '../acts.ts';
import { demand, flexible } from '../demand.ts';
import { withRdma } from '../fabric/ask.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, verdictAll, world } from '../fleet.ts';
import { lose, nodesAfter, outcomes, run } from './edits.ts';

const two = world('fra1/h1/r1 2×8 H100 cpu128 mem1024', 'fra1/h1/r2 1×8 H100 cpu128 mem1024');
const held = take(two, demand('1×8 H100 24h', { guarantee: 'preemptible', where: ['fra1/h1/r1/n01'] }));
const both = take(held, demand('1×8 H100 24h', { where: ['fra1/h1/r1/n02'] }));

const linkedRack = (name: string) => `fra1/h1/${name} 2×4 H100 nvlink rdma leaf cpu64`;

describe('a contract that was changed', () => {
  const longer = { end: { kind: 'at', atMs: t0 + 48 * hourMs } } as const;

  test('does not stand in the way of its own spares', () => {
    const survive = { survive: { loss: 'node', membersLeft: 2 } };
    const wide = take(world('fra1/h1/r1 4×8 H100 cpu128 mem1024'), demand('2×8 H100 24h', survive));
    const changed = change(wide, ContractId.parse('C-101'), longer);
    for (const before of [wide, changed]) {
      const done = run(before, [lose(['fra1/h1/r1/n01'])]);
      expect(outcomes(done)).toEqual(['C-101 moves whole']);
      expect(nodesAfter(done, 'C-101')).toEqual(['fra1/h1/r1/n02', 'fra1/h1/r1/n03']);
    }
  });

  test('does not stand in the way of its own bandwidth', () => {
    const leafs = Object.fromEntries(
      ['r1', 'r2'].map((name) => [`fra1/leaf-${name}`, { uplinkMbps: 400_000, spine: 'fra1/s1' }]),
    );
    const linked = world(linkedRack('r1'), linkedRack('r2'), { leafs });
    const gang = withRdma('3×4 H100 rdma 24h', { uplinkMbps: 400_000 });
    const wide = take(linked, gang);
    const changed = change(wide, ContractId.parse('C-101'), longer);
    for (const before of [wide, changed]) {
      const done = run(before, [lose(['fra1/h1/r1/n01'])]);
      expect(outcomes(done)).toEqual(['C-101 moves whole']);
      expect(nodesAfter(done, 'C-101').toSorted()).toEqual([
        'fra1/h1/r1/n02',
        'fra1/h1/r2/n01',
        'fra1/h1/r2/n02',
      ]);
    }
  });
});

describe('losing places', () => {
  test('counts what is lost, and moves nobody who was not there', () => {
    const done = run(held, [lose(['fra1/h1/r2'])]);
    expect(done).toMatchObject({ lostNodes: 1, lostGpus: 8, unaffected: 1, affected: [] });
  });

  test('a node that is named twice is lost once', () => {
    expect(run(held, [lose(['fra1/h1', 'fra1/h1/r2']), lose(['fra1/h1/r2/n01'])])).toMatchObject({
      lostNodes: 3,
      lostGpus: 24,
    });
  });

  test('a guaranteed contract gets the last room before a preemptible one that came first', () => {
    const done = run(both, [lose(['fra1/h1/r1'])]);
    expect(outcomes(done)).toEqual(['C-102 moves elsewhere', 'C-101 waits elsewhere']);
    expect(nodesAfter(done, 'C-102')).toEqual(['fra1/h1/r2/n01']);
    const forEver = take(two, demand('1×8 H100', { where: ['fra1/h1/r1/n02'] }));
    const full = run(take(forEver, demand('1×8 H100', { where: ['fra1/h1/r2'] })), [lose(['fra1/h1/r1'])]);
    expect(outcomes(full)).toEqual(['C-101 stuck free-over-window']);
    expect(full.bottleneck).toEqual({ binding: 'free-over-window', count: 1 });
    expect(done.affected.map(({ broken }) => broken)).toEqual([['closed'], ['closed']]);
  });

  test('only the members that fell move; those that stand stay with their devices', () => {
    const wide = world('fra1/h1/r1 4×8 H100 cpu128 mem1024');
    const gang = take(wide, demand('2×8 H100 24h', { where: ['fra1/h1/r1/n01', 'fra1/h1/r1/n02'] }));
    const open = take(wide, demand('3×8 H100 24h'));
    expect(outcomes(run(open, [lose(['fra1/h1/r1/n01'])]))).toEqual(['C-101 moves in-part']);
    const done = run(open, [lose(['fra1/h1/r1/n02'])]);
    expect(nodesAfter(done, 'C-101')).toEqual(['fra1/h1/r1/n01', 'fra1/h1/r1/n04', 'fra1/h1/r1/n03']);
    expect(outcomes(run(gang, [lose(['fra1/h1/r1/n01'])]))).toEqual(['C-101 moves elsewhere']);
  });

  test('a gang that must be together moves whole when a part of it alone would be apart', () => {
    const racks = world('fra1/h1/r1 2×8 H100 cpu128 mem1024', 'fra1/h1/r2 2×8 H100 cpu128 mem1024');
    const gang = take(racks, demand('2×8 H100 24h together:rack'));
    const done = run(gang, [lose(['fra1/h1/r1/n02'])]);
    expect(outcomes(done)).toEqual(['C-101 moves whole']);
    expect(nodesAfter(done, 'C-101')).toEqual(['fra1/h1/r2/n01', 'fra1/h1/r2/n02']);
  });

  test('what is lost for a while breaks only what runs meanwhile, and from then on', () => {
    const day = [t0 + 30 * hourMs, t0 + 40 * hourMs] as const;
    expect(outcomes(run(both, [lose(['fra1/h1/r1'], ...day)]))).toEqual([]);
    const [hit] = run(both, [lose(['fra1/h1/r1/n02'], t0 + 5 * hourMs, t0 + 6 * hourMs)]).affected;
    expect(hit?.fromMs).toBe(t0 + 5 * hourMs);
    expect(hit?.move).toMatchObject({ kind: 'moves', placement: { startMs: t0 + 5 * hourMs } });
  });

  test('a contract that finds no room now waits until it is back', () => {
    const one = world('fra1/h1/r1 1×8 H100 cpu128 mem1024');
    const taken = take(one, demand('1×8 H100 24h'));
    const done = run(taken, [lose(['fra1'], t0 + 2 * hourMs, t0 + 9 * hourMs)]);
    expect(outcomes(done)).toEqual(['C-101 waits whole']);
    expect(done.affected[0]?.move).toMatchObject({
      placement: { startMs: t0 + 9 * hourMs, endMs: t0 + 31 * hourMs },
    });
  });

  test('of two losses at two times only the second reaches the contract, so it moves then', () => {
    const edits = [
      lose(['fra1/h1/r2'], t0 + hourMs, t0 + 2 * hourMs),
      lose(['fra1/h1/r1/n02'], t0 + 3 * hourMs),
    ];
    expect(run(both, edits).affected.map(({ contract, fromMs }) => [contract.id, fromMs])).toEqual([
      ['C-102', t0 + 3 * hourMs],
    ]);
  });

  test('one GPU takes the contract that holds it, not its neighbours', () => {
    const shared = take(take(two, demand('1×4 H100 24h')), demand('1×4 H100 24h'));
    const [first] = [...shared.state.contracts];
    const { node = 'fra1', gpus: [gpu = 0] = [] } = first?.placement.members[0] ?? {};
    const done = run(shared, [lose([`gpu ${node}/${gpu}`])]);
    expect(done).toMatchObject({ lostNodes: 0, lostGpus: 1, unaffected: 1 });
    expect(outcomes(done)).toEqual(['C-101 moves whole']);
  });

  test('without one NIC the gang that rides on it moves, work without RDMA stays', () => {
    const rails = world('fra1/h1/r1 2×8 H100 rdma cpu128 mem1024');
    const riding = take(rails, demand('1×8 H100 rdma 24h', { where: ['fra1/h1/r1/n01'] }));
    const plain = take(rails, demand('1×8 H100 24h', { where: ['fra1/h1/r1/n01'] }));
    expect(outcomes(run(riding, [lose(['nic fra1/h1/r1/n01/3'])]))).toEqual(['C-101 moves elsewhere']);
    expect(outcomes(run(plain, [lose(['nic fra1/h1/r1/n01/3'])]))).toEqual([]);
  });
});

describe('losing what places hang on', () => {
  const rails = world(
    'fra1/h1/r1 1×8 H100 rdma leaf cpu128 mem1024',
    'fra1/h1/r2 1×8 H100 rdma leaf cpu128 mem1024',
    { loops: { 'fra1/cdu': { coolingLimitW: 99_000 } }, racks: { 'fra1/h1/r1': { loop: 'fra1/cdu' } } },
  );
  const spined = observe(rails, [
    fact('leaf', 'fra1/leaf-r1', { spine: 'fra1/spine' }),
    fact('leaf', 'fra1/leaf-r2', { spine: 'fra1/spine' }),
  ]);
  const riding = take(spined, demand('1×8 H100 rdma 24h', { where: ['fra1/h1/r1'] }));
  const plain = take(spined, demand('1×8 H100 24h', { where: ['fra1/h1/r1'] }));

  test.each([
    ['leaf fra1/leaf-r1', ['C-101 moves elsewhere'], []],
    ['leaf fra1/leaf-r2', [], []],
    ['spine fra1/spine', ['C-101 stuck free-over-window'], []],
    ['loop fra1/cdu', ['C-101 moves elsewhere'], ['C-101 moves elsewhere']],
  ])('%s', (what, riders, without) => {
    expect(outcomes(run(riding, [lose([what], t0, t0 + 100 * 24 * hourMs)]))).toEqual(riders);
    expect(outcomes(run(plain, [lose([what], t0, t0 + 100 * 24 * hourMs)]))).toEqual(without);
  });

  test('a leaf breaks RDMA also where only the number of NICs is recorded', () => {
    const counted = observe(world('fra1/h1/r1 1×8 H100', 'fra1/h1/r2 1×8 H100 rdma'), [
      fact('node', 'fra1/h1/r1/n01', { rdmaNicCount: 8, leaf: 'fra1/leaf', shape: 'fra1-h1-r1-1' }),
    ]);
    const taken = take(counted, demand('1×8 H100 rdma 24h', { where: ['fra1/h1/r1'] }));
    const done = run(taken, [lose(['leaf fra1/leaf'])]);
    expect(outcomes(done)).toEqual(['C-101 moves elsewhere']);
    expect(done.lostNodes).toBe(0);
  });

  test('a pool takes the sites of its datasets away, unless another pool there holds them too', () => {
    const pools = {
      'fra1/p1': { datasets: [{ id: 'web', sizeGib: 1 }] },
      'ams2/p1': { datasets: [{ id: 'web', sizeGib: 1 }] },
    };
    const lines = ['fra1/h1/r1 1×8 H100', 'ams2/h1/a1 1×8 H100'] as const;
    const reading = take(
      world(...lines, { pools }),
      demand('1×8 H100 24h', { dataset: 'web', where: ['fra1', 'ams2'] }),
    );
    const site = reading.state.contracts.at(0)?.placement.members[0]?.node.split('/')[0] ?? '';
    expect(outcomes(run(reading, [lose([`storage-pool ${site}/p1`])]))).toEqual(['C-101 moves whole']);
    const twice = world(...lines, { pools: { ...pools, [`${site}/p2`]: pools['fra1/p1'] } });
    const safe = take(twice, demand('1×8 H100 24h', { dataset: 'web', where: [site] }));
    expect(outcomes(run(safe, [lose([`storage-pool ${site}/p1`])]))).toEqual([]);
  });
});

describe('losing feeds', () => {
  const lines = 'fra1/h1/r1 4×4 H100 gpuw700 cpu64 mem512';
  const fed = (nodes: Record<string, object> = {}, limitW = 5600) =>
    world(lines, 'fra1/h1/r2 1×4 H100 gpuw700 cpu64 mem512', {
      racks: {
        'fra1/h1/r1': {
          feedLimitW: { A: limitW, B: limitW, C: limitW },
          feeds: { A: 'fra1/f1', B: 'fra1/f2' },
        },
      },
      nodes,
    });
  const full = (nodes?: Record<string, object>, limitW?: number) =>
    [1, 2, 3, 4].reduce(
      (now, at) =>
        take(
          now,
          demand('1×4 H100 24h', {
            where: [`fra1/h1/r1/n0${at}`],
            guarantee: at === 1 ? 'preemptible' : 'reserved',
          }),
        ),
      fed(nodes, limitW),
    );

  test('one of three is lost without harm, the limit allowed for it', () => {
    expect(outcomes(run(full(), [lose(['rack-feed fra1/h1/r1/A'])]))).toEqual([]);
  });

  test('with two lost, as much stays as the third can carry, the guaranteed first, then by id', () => {
    const done = run(full(), [lose(['rack-feed fra1/h1/r1/A']), lose(['feed fra1/f2'])]);
    expect(outcomes(done)).toEqual(['C-104 moves elsewhere', 'C-101 waits whole']);
    expect(done.affected.map(({ broken }) => broken)).toEqual([['rack-power'], ['rack-power']]);
  });

  test('a node that hangs on one feed alone falls with it, one that hangs on two does not', () => {
    const nodes = { 'fra1/h1/r1/n02': { feeds: ['A'] }, 'fra1/h1/r1/n03': { feeds: ['A', 'B'] } };
    const done = run(full(nodes, 11_200), [lose(['feed fra1/f1'])]);
    expect(outcomes(done)).toEqual(['C-102 moves elsewhere']);
    expect(done).toMatchObject({ lostNodes: 1, lostGpus: 4 });
  });

  test('with all feeds lost at once the rack is dark, for as long as they are', () => {
    const first = lose(['rack-feed fra1/h1/r1/A', 'feed fra1/f2'], t0 + hourMs, t0 + 9 * hourMs);
    const rest = lose(['rack-feed fra1/h1/r1/C'], t0 + 4 * hourMs, t0 + 6 * hourMs);
    const done = run(full(), [first, rest]);
    expect(done.lostNodes).toBe(4);
    expect(run(full(), [first]).lostNodes).toBe(0);
  });
});

test('every move passes the check on the copy', () => {
  const fleet = world('fra1/h1/r1 3×8 H100 cpu128 mem1024', 'ams2/h1/a1 2×8 H100 cpu128 mem1024');
  const taken = ['2×8 H100 24h', '1×8 H100 30h', '1×4 H100 12h'].reduce(
    (now, text) => take(now, demand(text, flexible(24, 0))),
    fleet,
  );
  const done = run(taken, [lose(['fra1/h1/r1/n01', 'ams2/h1/a1/n01'])]);
  expect(done.affected.length).toBeGreaterThan(0);
  for (const { contract, move } of done.affected) {
    if (move.kind === 'stuck') continue;
    const { state } = done;
    const calendar = state.calendar.map((holds) => holds.filter(({ holder }) => holder !== contract.id));
    const { where: _where, budget: _budget, ...wish } = contract.demand;
    const found = check(
      { ...state, calendar },
      { ...wish, window: { durationS: wish.window.durationS, earliestStartMs: move.placement.startMs } },
      verdictAll(state, 'allowed'),
      move.placement,
    );
    expect(found).toEqual([]);
  }
});
