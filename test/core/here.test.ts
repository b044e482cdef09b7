import { array, assert, constantFrom, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { plan } from '../../src/core/plan.ts';
import { Path } from '../../src/model/id.ts';
import { ask, planned, take } from './acts.ts';
import { demand } from './demand.ts';
import { verdictAll, world, type World } from './fleet.ts';

const racks = world(
  'fra1/h1/r1 2×8 H100 nvlink rdma',
  'fra1/h1/r2 2×8 H100 nvlink rdma',
  'fra1/h2/r3 1×8 H100 nvlink rdma',
);

describe('why a placement stands where it stands in its site', () => {
  test.each([
    [
      'the tightest of several nodes, against the next',
      '1×2 H100 24h',
      ['1×4 H100 24h'],
      [
        'all in node fra1/h1/r1/n01: 5 of 5 nodes have room by count; 2 GPUs stay free there, the fewest (fra1/h1/r1/n02: 6)',
        'judged by what is likely to be asked for: 49 points, the most of 5 nodes with room (next: fra1/h1/r1/n02, 18); idle GPUs of no use to such requests: 0.031 more on average; without cores or memory: 0 more',
      ],
    ],
    [
      'the only rack that has room, and what the roomiest node lacks',
      '2×8 H100 24h',
      ['1×8 H100 24h'],
      [
        'all in rack fra1/h1/r2: 1 of 3 racks have room by count, fra1/h1/r1 has most: 1 of 2 replicas; 0 GPUs stay free there',
        'no node holds it, fra1/h1/r1/n02 has most: 1 of 2 replicas',
      ],
    ],
    [
      'the whole site, as no hall holds it',
      '5×8 H100 24h',
      [],
      ['all in site fra1; 0 GPUs stay free there', 'no hall holds it, fra1/h1 has most: 4 of 5 replicas'],
    ],
    [
      'one rack of three where it has to stay in one',
      '2×4 H100 together:rack apart:node 24h',
      [],
      [
        'all in rack fra1/h1/r1: 2 of 3 racks have room by count; 8 GPUs stay free there, as few as in fra1/h1/r2',
        'no node holds it, fra1/h1/r1/n01 has most: 1 of 2 replicas',
      ],
    ],
  ])('%s', (_, text, taken, here) => {
    const before = taken.reduce((now, other) => take(now, demand(other)), racks);
    expect(planned(before, demand(text)).plan.report.here).toEqual(here);
  });

  const cut = world('fra1/h1/r1 1×2 H100 mig gpumem80');

  test.each([
    ['mig:1g.10gb', [], '1 slice on 1 GPU: 1 was whole'],
    ['mig:1g.10gb', ['1×1 H100 mig:1g.10gb 24h'], '1 slice on 1 GPU: 1 was cut by MIG already'],
  ])('slices say what their GPUs were: %s beside %j', (slice, taken, line) => {
    const before = taken.reduce((now, other) => take(now, demand(other)), cut);
    expect(planned(before, demand(`1×1 H100 ${slice} 24h`)).plan.report.here?.at(-1)).toBe(line);
  });

  test('a share that goes beside another, and one that needs a second GPU', () => {
    const shared = world('fra1/h1/r1 1×2 H100 shared cpu16 mem64');
    const before = take(shared, demand('1×1 H100 share:600 24h'));
    const lastOf = (text: string) => planned(before, demand(text)).plan.report.here?.at(-1);
    expect(lastOf('1×1 H100 share:400 24h')).toBe('1 slice on 1 GPU: 1 was shared already');
    expect(lastOf('1×2 H100 share:400 24h')).toMatch(/^2 slices on 2 GPUs: 1 was shared already, 1 was /);
  });

  const leafs = world('fra1/h1/r1 2×8 H100 nvlink rdma leaf', 'fra1/h1/r2 2×8 H100 nvlink rdma leaf', {
    leafs: { 'fra1/leaf-r1': { uplinkMbps: 800_000 }, 'fra1/leaf-r2': { uplinkMbps: 800_000 } },
  });

  test.each([
    [2, 'on 1 leaf with its uplink budget, the fewest that were found'],
    [3, 'on 2 leafs with its uplink budget, the fewest that were found'],
  ])('%i replicas of a part with an uplink budget tell their leafs', (count, line) => {
    const each = { gpus: { count: 8 }, rdma: { uplinkMbps: 100_000 } };
    const wish = demand('1×8 H100 24h', { parts: [{ name: 'train', count, each }] });
    expect(planned(leafs, wish).plan.report.here?.at(-1)).toBe(line);
  });

  test('where no other place has room for anything, it is said so', () => {
    const full = take(world('fra1/h1/r1 2×8 H100'), demand('1×8 H100 24h'));
    expect(planned(full, demand('1×8 H100 24h')).plan.report.here).toEqual([
      'all in node fra1/h1/r1/n02: 1 of 2 nodes have room by count, the others for none of it; 0 GPUs stay free there',
      'judged by what is likely to be asked for: 50 points, the only node with room; idle GPUs of no use to such requests: 0 more on average; without cores or memory: 0 more',
    ]);
  });
});

const words = /^all in (\w+) ([^:;]+)(?:: (\d+) of (\d+) \w+s have room by count)?/;

test('whole GPUs: as many places have room as each hold it when it is asked for there, and both paths say so', () => {
  const wish = constantFrom('1×1', '1×8', '2×8', '3×8', '2×4', '4×2', '3×8 together:hall', '2×3 apart:node');
  assert(
    property(array(wish, { maxLength: 4 }), wish, (others, text) => {
      const before = others.reduce(booked, racks);
      const asked = demand(`${text} 24h`);
      const answer = ask(before, asked);
      if (answer.kind === 'refused') return;
      const given = { atMs: asked.window.earliestStartMs, verdict: verdictAll(before.state, 'allowed') };
      const plain = plan(before.state, { ...given, isPlain: true }, asked);
      expect(plain).toEqual(answer);
      const [, level = '', place = '', roomy, all] = words.exec(answer.plan.report.here?.[0] ?? '') ?? [];
      const { nodes } = before.state.fleet;
      const depth = place.split('/').length;
      const places = new Set(nodes.map(({ id }) => id.split('/').slice(0, depth).join('/')));
      const holding = [...places].filter(
        (where) => ask(before, { ...asked, where: [Path.parse(where)] }).kind === 'planned',
      );
      expect([level, holding.length, places.size]).toEqual([level, Number(roomy ?? 1), Number(all ?? 1)]);
      expect(answer.plan.placement.members.every(({ node }) => node.startsWith(place))).toBe(true);
    }),
    { seed: 7, numRuns: 60 },
  );
});

function booked(before: World, text: string): World {
  const wish = demand(`${text} 24h`, { tenant: 'globex' });
  return ask(before, wish).kind === 'planned' ? take(before, wish) : before;
}
