import { describe, expect, test } from 'vitest';

import { never } from '../../../src/core/calendar/calendar.ts';
import type { Edit } from '../../../src/core/simulate/edit.ts';
import { forkOf } from '../../../src/core/simulate/fork.ts';
import { type Hits, hitsOn } from '../../../src/core/simulate/hits.ts';
import { SiteFacts } from '../../../src/model/fact.ts';
import { ContractId, Path } from '../../../src/model/id.ts';
import { change, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { fact } from '../fleet-text.ts';
import { hourMs, observe, t0, verdictAll, type World, world } from '../fleet.ts';
import { booked } from '../reclaim/bookings.ts';
import { anywhere, losable, lose, outcomes, run } from './edits.ts';

function hits({ state }: World, edits: readonly Edit[], { atMs = t0, judge = anywhere } = {}): Hits {
  return hitsOn({ before: state, fork: forkOf(state, edits), atMs, judge });
}

/** `C-101 from 5h closed`. */
function inWords({ moving }: Hits): readonly string[] {
  return moving.map(
    ({ remainder: { contract, placement }, broken }) =>
      `${contract.id} from ${(placement.startMs - t0) / hourMs}h ${broken.join(' ')}`,
  );
}

const racks = world('fra1/h1/r1 2×4 H100', 'fra1/h1/r2 1×4 H100');
const lost = (place: string, from = 0, until?: number): Edit =>
  lose([place], t0 + from * hourMs, until === undefined ? never : t0 + until * hourMs);

describe('who is hit', () => {
  const now = booked(
    racks,
    'reserved 24h r1/n01 gpu0-3',
    'reserved 5-9h r1/n02 gpu0-3',
    'reserved 24h r2/n01 gpu0-1',
  );

  test.each<[string, readonly Edit[], readonly string[]]>([
    ['nobody by nothing', [], []],
    ['who stands there, from when it is gone', [lost('fra1/h1/r1/n01', 5)], ['C-101 from 5h closed']],
    ['from its start, who begins later', [lost('fra1/h1/r1/n02', 2)], ['C-102 from 5h closed']],
    ['nobody who is over by then', [lost('fra1/h1/r1/n02', 9)], []],
    ['nobody who begins as it ends', [lost('fra1/h1/r1/n02', 2, 5)], []],
    ['for a moment is enough', [lost('fra1/h1/r1/n02', 2, 5.001)], ['C-102 from 5h closed']],
    ['all of a rack', [lost('fra1/h1/r1')], ['C-101 from 0h closed', 'C-102 from 5h closed']],
    [
      'who holds that GPU, not who holds another',
      [lost('gpu fra1/h1/r2/n01/1'), lost('gpu fra1/h1/r1/n01/0', 3)],
      ['C-101 from 3h device-once', 'C-103 from 0h device-once'],
    ],
    ['nobody by a GPU that is free', [lost('gpu fra1/h1/r2/n01/2')], []],
    ['nobody by a NIC or a feed that there is not', [lost('feed fra1/f1'), lost('leaf fra1/l1')], []],
  ])('%s', (_, edits, expected) => {
    expect(inWords(hits(now, edits))).toEqual(expected);
  });

  test('only what is left of it counts, once it runs', () => {
    expect(inWords(hits(now, [lost('fra1/h1/r1')], { atMs: t0 + 6 * hourMs }))).toEqual([
      'C-101 from 6h closed',
      'C-102 from 6h closed',
    ]);
    expect(inWords(hits(now, [lost('fra1/h1/r1')], { atMs: t0 + 9 * hourMs }))).toEqual([
      'C-101 from 9h closed',
    ]);
  });

  test('of several losses one goes at the first that breaks it', () => {
    const [early, late] = [lost('gpu fra1/h1/r2/n01/3', 2), lost('fra1/h1/r2', 7)];
    expect(inWords(hits(now, [early, late]))).toEqual(['C-103 from 7h closed']);
    expect(inWords(hits(now, [late, early]))).toEqual(['C-103 from 7h closed']);
    expect(inWords(hits(now, [lost('gpu fra1/h1/r2/n01/0', 2), late]))).toEqual(['C-103 from 2h closed']);
  });

  test('the copy holds nothing of those that must go, and everything of the others', () => {
    const { state, live } = hits(now, [lost('fra1/h1/r1/n01', 5)]);
    expect(live.map(({ id }) => id)).toEqual(['C-101', 'C-103', 'C-102']);
    expect(
      state.calendar.map((holds) =>
        holds.map(({ holder, endMs }) => [holder, Math.min(24, (endMs - t0) / hourMs)]),
      ),
    ).toEqual([
      [
        ['C-101', 5],
        ['an outage', 24],
      ],
      [['C-102', 9]],
      [['C-103', 24]],
    ]);
  });

  test('cordons hit nobody, and close the copy to newcomers', () => {
    const cordon: Edit = {
      kind: 'cordon',
      places: [losable('fra1/h1/r1')],
      fromMs: t0,
      untilMs: t0 + 9 * hourMs,
    };
    const { moving, state } = hits(now, [cordon]);
    expect(moving).toEqual([]);
    expect(state.calendar.map((holds) => holds.map(({ holder }) => holder))).toEqual([
      ['C-101', 'cordon'],
      ['C-102', 'cordon'],
      ['C-103'],
    ]);
  });
});

const forbidden = (when: (country: string | undefined) => boolean) => (state: World['state']) =>
  verdictAll(state, when(state.fleet.sites[0]?.facts.country) ? 'forbidden' : 'allowed');

const facts = (more: object): Edit => ({
  kind: 'site',
  site: Path.parse('fra1'),
  facts: SiteFacts.parse(more),
});

describe('what was broken before', () => {
  const sick = observe(booked(racks, 'reserved 24h r1/n01 gpu0-1', 'reserved 24h r1/n01 gpu2-3'), [
    fact('gpu', 'fra1/h1/r1/n01/gpu0', { health: 'down' }),
  ]);

  test('is nothing that an edit did', () => {
    expect(inWords(hits(sick, [facts({ country: 'FR' })]))).toEqual([]);
  });

  test('a loss breaks it once more', () => {
    expect(inWords(hits(sick, [lost('fra1/h1/r1/n01')]))).toEqual([
      'C-101 from 0h closed',
      'C-102 from 0h closed',
    ]);
  });

  test('rules that forbade it before are nothing new, rules that forbid it now are', () => {
    const now = booked(racks, 'reserved 24h r1/n01 gpu0-1');
    expect(inWords(hits(now, [facts({ country: 'FR' })], { judge: forbidden(() => true) }))).toEqual([]);
    expect(
      inWords(hits(now, [facts({ country: 'FR' })], { judge: forbidden((country) => country === 'FR') })),
    ).toEqual(['C-101 from 0h policy']);
    expect(
      inWords(hits(now, [facts({ country: 'DE' })], { judge: forbidden((country) => country === 'FR') })),
    ).toEqual([]);
  });
});

describe('where what is left is not enough for all', () => {
  /** Nodes of 2800 W on three feeds of 4200 W: any two carry both nodes, one carries one. */
  const fed = world('fra1/h1/r1 3×4 H100 gpuw700', {
    racks: { 'fra1/h1/r1': { feedLimitW: { A: 4200, B: 4200, C: 4200 } } },
  });
  type Taken = readonly [node: string, guarantee: string, fromH: number];
  const taken = (...contracts: readonly Taken[]) =>
    contracts.reduce((now, [node, guarantee, fromH]) => {
      const window = { earliestStartMs: t0 + fromH * hourMs, durationS: 24 * 3600 };
      return take(now, demand('1×4 H100', { where: [`fra1/h1/r1/${node}`], guarantee, window }));
    }, fed);

  test('with the limit kept nobody is hit', () => {
    const now = taken(['n01', 'reserved', 0], ['n02', 'reserved', 0]);
    expect(inWords(hits(now, [lose(['rack-feed fra1/h1/r1/A'])]))).toEqual([]);
  });

  test.each<[string, readonly Taken[], string]>([
    [
      'the guaranteed stay',
      [
        ['n01', 'preemptible', 0],
        ['n02', 'reserved', 0],
      ],
      'C-101 from 0h rack-power',
    ],
    [
      'an elastic one before a preemptible one',
      [
        ['n01', 'preemptible', 0],
        ['n02', 'elastic', 0],
      ],
      'C-101 from 0h rack-power',
    ],
    [
      'of equals the one that begins first',
      [
        ['n01', 'reserved', 5],
        ['n02', 'reserved', 0],
      ],
      'C-101 from 5h rack-power',
    ],
    [
      'of equals that begin at one time the lower number',
      [
        ['n01', 'reserved', 0],
        ['n02', 'reserved', 0],
      ],
      'C-102 from 0h rack-power',
    ],
  ])('%s', (_, contracts, expected) => {
    expect(
      inWords(hits(taken(...contracts), [lose(['rack-feed fra1/h1/r1/A', 'rack-feed fra1/h1/r1/B'])])),
    ).toEqual([expected]);
  });

  test('those that do not run at one time stay both', () => {
    const now = taken(['n01', 'reserved', 0], ['n02', 'reserved', 24]);
    expect(inWords(hits(now, [lose(['rack-feed fra1/h1/r1/A', 'rack-feed fra1/h1/r1/B'])]))).toEqual([]);
  });
});

const growth = (text: string): Edit => ({ kind: 'grow', demand: demand(text), times: 1, everyMs: 0 });

const edit = (kind: 'maintain' | 'cordon'): Edit => ({
  kind,
  places: [losable('fra1/h1/r1')],
  fromMs: t0,
  untilMs: t0 + hourMs,
});

describe('the answer in numbers', () => {
  test.each<[string, readonly string[], number, number]>([
    ['a rack', ['fra1/h1/r1'], 2, 8],
    ['all of it, named twice over', ['fra1', 'fra1/h1/r1', 'fra1/h1/r1/n01'], 3, 12],
    ['a GPU', ['gpu fra1/h1/r1/n01/2'], 0, 1],
    ['the same GPU twice', ['gpu fra1/h1/r1/n01/2', 'gpu fra1/h1/r1/n01/2'], 0, 1],
    ['two GPUs of a node', ['gpu fra1/h1/r1/n01/2', 'gpu fra1/h1/r1/n01/0'], 0, 2],
    ['a GPU of a node that is lost too', ['gpu fra1/h1/r1/n01/2', 'fra1/h1/r1/n01'], 1, 4],
    ['a NIC', ['nic fra1/h1/r1/n01/0'], 0, 0],
    ['nothing', ['nowhere'], 0, 0],
  ])('lost: %s', (_, places, nodes, gpus) => {
    expect(run(racks, [lose(places)])).toMatchObject({ lostNodes: nodes, lostGpus: gpus });
  });

  test('maintenance is lost for its time, a cordon is not', () => {
    expect(run(racks, [edit('maintain')])).toMatchObject({ lostNodes: 2, lostGpus: 8 });
    expect(run(racks, [edit('cordon')])).toMatchObject({ lostNodes: 0, lostGpus: 0 });
  });

  test('a contract that a change is to take over is one, affected or not', () => {
    const now = booked(racks, 'reserved 24h r1/n01 gpu0-3', 'reserved 24h r2/n01 gpu0-1');
    const changed = change(
      now,
      ContractId.parse('C-101'),
      { avoid: [Path.parse('fra1/h1/r1/n01')] },
      { atMs: t0 + hourMs },
    );
    expect(run(changed, [lose(['nowhere'])]).unaffected).toBe(2);
    expect(run(changed, [lose(['fra1/h1/r1/n01'])]).unaffected).toBe(1);
    expect(run(changed, [lose(['fra1/h1/r2'])]).unaffected).toBe(1);
  });

  test('what is over is neither', () => {
    const now = booked(racks, 'reserved 2h r1/n01 gpu0-3', 'reserved 24h r2/n01 gpu0-1');
    expect(run(now, [lose(['fra1/h1/r1'])], { atMs: t0 + 2 * hourMs })).toMatchObject({
      unaffected: 1,
      affected: [],
    });
  });

  test('the bottleneck is what binds most, of equals the first by name', () => {
    const full = booked(
      racks,
      'reserved 9999h r1/n01 gpu0-3',
      'reserved 9999h r1/n02 gpu0-3',
      'reserved 9999h r2/n01 gpu0-3',
    );
    const all = run(full, [lose(['fra1'])]);
    expect(all.bottleneck).toEqual({ binding: 'free-over-window', count: 3 });
    expect(outcomes(all)).toEqual([
      'C-101 stuck free-over-window',
      'C-102 stuck free-over-window',
      'C-103 stuck free-over-window',
    ]);
    expect(run(full, [growth('1×4 H100 1h'), growth('1×4 A100 1h')]).bottleneck?.count).toBe(1);
    expect(
      run(full, [growth('1×4 H100 1h'), growth('1×2 H100 1h'), growth('1×4 A100 1h')]).bottleneck,
    ).toEqual({ binding: 'free-over-window', count: 2 });
    expect(run(full, [])).not.toHaveProperty('bottleneck');
  });

  test('list prices before and after, where they are recorded', () => {
    const sites = { fra1: { gpuPrices: { H100: 2 } }, ams2: { gpuPrices: { H100: 3 } } };
    const now = booked(
      world('fra1/h1/r1 1×4 H100', 'ams2/h1/a1 1×4 H100', { sites }),
      'reserved 24h r1/n01 gpu0-3',
    );
    expect(run(now, [lose(['fra1'])]).affected).toMatchObject([
      { wasMicroEurPerHour: 8, isMicroEurPerHour: 12 },
    ]);
    const stuck = run(now, [lose(['fra1', 'ams2'])]).affected[0];
    expect(stuck).toMatchObject({ wasMicroEurPerHour: 8 });
    expect(stuck).not.toHaveProperty('isMicroEurPerHour');
    expect(
      run(booked(racks, 'reserved 24h r1/n01 gpu0-3'), [lose(['fra1/h1/r1'])]).affected[0],
    ).not.toHaveProperty('wasMicroEurPerHour');
  });
});
