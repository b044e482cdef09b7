import { assert, constantFrom, integer, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { drawOf, limitsOf, powerOf, unknownPower } from '../../../src/core/place/power.ts';
import { heldBesideGpus } from '../../../src/core/place/want.ts';
import { seed } from '../arbitrary.ts';
import { type Details, world } from '../fleet.ts';
import { nodeOf, wantOf } from './wanted.ts';

const model = 'H100-SXM-80GB';

describe('what a replica of whole GPUs may draw', () => {
  // 700 W for each of eight GPUs, and 1,600 W for the rest of a node of 64 cores.
  const node = nodeOf(`r/r1 1×8 ${model} gpuw700 basew1600 cpu64`);

  test.each([
    ['all of the node', 8, 64_000, 8 * 700 + 1600],
    ['its GPUs and their share of the rest', 2, 0, 2 * 700 + 400],
    ['the share of its cores where that is larger', 2, 32_000, 2 * 700 + 800],
    ['not both shares', 4, 32_000, 4 * 700 + 800],
    ['cores alone', 0, 16_000, 400],
    ['a little, rounded up', 0, 1, 1],
    ['nothing', 0, 0, 0],
  ])('%s', (_, gpuCount, cpuMilli, watts) => {
    expect(powerOf(node, gpuCount, cpuMilli)).toBe(watts);
  });

  test.each([
    ['GPUs of three: a third of 100 W is rounded up', 'r/r1 1×3 H100 gpuw10 basew100 cpu64', 1, 0, 10 + 34],
    ['no figure for the rest', 'r/r1 1×2 H100 gpuw700 cpu64', 1, 64_000, 700],
    ['no figure for GPUs', 'r/r1 1×2 H100 basew1000 cpu64', 1, 0, 500],
    ['no number of cores', 'r/r1 1×2 H100 gpuw700 basew1000', 1, 64_000, 700 + 500],
    ['no cores at all', 'r/r1 1×2 H100 gpuw700 basew1000 cpu0', 0, 0, 0],
    ['no GPUs', 'r/r1 1 basew1000 cpu10', 0, 5000, 500],
  ])('%s', (_, line, gpuCount, cpuMilli, watts) => {
    expect(powerOf(nodeOf(line), gpuCount, cpuMilli)).toBe(watts);
  });

  test('replicas that fill a node hold together at least what it draws', () => {
    assert(
      property(constantFrom(1, 2, 4, 8), nat(5000), nat(900), (each, baseW, gpuW) => {
        const on = nodeOf(`r/r1 1×8 H100 gpuw${gpuW} basew${baseW} cpu64`);
        const held = (8 / each) * powerOf(on, each, (64_000 / 8) * each);
        expect(held).toBeGreaterThanOrEqual(8 * gpuW + baseW);
        // And by no more than the rounding of each.
        expect(held).toBeLessThan(8 * gpuW + baseW + 8 / each);
      }),
      { seed, numRuns: 60 },
    );
  });
});

describe('what a replica of slices may draw', () => {
  const node = nodeOf(`r/r1 1×4 ${model} mig gpumem80 gpuw700 basew1600 cpu64 mem512`);
  const draws = (text: string) => {
    const want = wantOf(text, model);
    return drawOf(node, want, heldBesideGpus(node, want).cpuMilli);
  };

  test.each([
    // Half of 700 W, and an eighth of 1,600 W.
    ['a share', '1×1 share:500', 350 + 200],
    ['two shares', '1×2 share:500', 700 + 400],
    ['a thousandth, rounded up twice', '1×1 share:1', 1 + 1],
    // A seventh of 700 W by compute; a seventh of a quarter of 1,600 W is 57.1.
    ['an instance by its compute', '1×1 mig:1g.10gb', 100 + 58],
    ['two memory slices of eight', '1×1 mig:1g.20gb', 175 + 100],
    ['all of a GPU in one instance', '1×1 mig:7g.80gb', 700 + 400],
    ['more cores than its share of the node', '1×1 share:500 cpu32', 350 + 800],
    ['fewer cores than its share', '1×1 share:500 cpu1', 350 + 200],
    ['whole GPUs as ever', '1×2', 1400 + 800],
    ['cores alone as ever', '1×cpu16 mem1', 400],
  ])('%s', (_, text, watts) => {
    expect(draws(text)).toBe(watts);
  });

  test.each([
    ['seven of 1g.10gb', '1×7 mig:1g.10gb'],
    ['two of 3g.40gb', '1×2 mig:3g.40gb'],
    ['four of 1g.20gb', '1×4 mig:1g.20gb'],
    ['shares of a third', '1×3 share:333'],
  ])('%s hold about what the busier half of their GPUs draws', (_, text) => {
    const [count = 0] = /(?<=×)\d+/.exec(text) ?? [];
    const each = draws(text.replace(/×\d+/, '×1'));
    expect(draws(text)).toBeLessThanOrEqual(Number(count) * each);
    expect(draws(text)).toBeGreaterThan(Number(count) * each - 2 * Number(count));
  });

  test('what nobody has recorded counts as nothing, and is named', () => {
    const want = wantOf('1×1 share:500', model);
    expect(drawOf(nodeOf(`r/r1 1×4 ${model} cpu64`), want, 0)).toBe(0);
    expect(drawOf(nodeOf(`r/r1 1×4 ${model} gpuw700`), want, 0)).toBe(350);
  });

  test.each([
    ['GPUs first', `r/r1 1×2 ${model}`, 1, 'gpuPowerW'],
    ['the rest where GPUs are known', `r/r1 1×2 ${model} gpuw700`, 1, 'basePowerW'],
    ['nothing where both are', `r/r1 1×2 ${model} gpuw700 basew100`, 1, undefined],
    ['only the rest where no GPU is asked for', `r/r1 1×2 ${model}`, 0, 'basePowerW'],
    ['nothing where that is known', `r/r1 1×2 ${model} basew100`, 0, undefined],
  ])('the figure that is missing: %s', (_, line, gpuCount, attribute) => {
    expect(unknownPower(nodeOf(line), gpuCount)).toBe(attribute);
  });
});

/** `rack-power r/r1 4000: n01 n02` for each limit. */
function limits(...lines: readonly (string | Details)[]): string[] {
  return limitsOf(world(...lines).state.fleet).map(
    ({ name, place, limitW, nodes }) =>
      `${name} ${place} ${limitW}: ${nodes.map(({ id }) => id.slice(-6)).join(' ')}`,
  );
}

/** Of a rack of two nodes on these letters of its feeds. */
const limitsByFeeds = (n01: readonly string[], n02: readonly string[]) =>
  limits('s/a 2×1 H100', {
    racks: { 's/a': { feedLimitW: { A: 1000, B: 2000 } } },
    nodes: { 's/a/n01': { feeds: n01 }, 's/a/n02': { feeds: n02 } },
  });
describe('limits on the watts of places', () => {
  const racks = ['s/h1/a 2×1 H100', 's/h1/row/b 1×1 H100', 's/h2/c 1×1 H100'] as const;

  test('there are none where none is recorded', () => {
    expect(limits(...racks)).toEqual([]);
  });

  test('from the rack outwards, each with the nodes that draw on it', () => {
    const all = limits(...racks, {
      racks: {
        's/h1/a': {
          feedLimitW: { A: 4000, B: 4000 },
          coolingLimitW: 3000,
          loop: 's/cdu',
          feeds: { A: 's/f1' },
        },
        's/h2/c': { loop: 's/cdu' },
      },
      loops: { 's/cdu': { coolingLimitW: 5000 } },
      feeds: { 's/f1': { limitW: 6000 } },
      halls: { 's/h1': { powerBudgetW: 7000, coolingLimitW: 7500 }, 's/h1/row': { powerBudgetW: 800 } },
      sites: { s: { powerBudgetW: 9000 } },
    });
    expect(all).toEqual([
      'rack-power s/h1/a 4000: /a/n01 /a/n02',
      'rack-cooling s/h1/a 3000: /a/n01 /a/n02',
      'feed-power s/f1 6000: /a/n01 /a/n02',
      'loop-cooling s/cdu 5000: /a/n01 /a/n02 /c/n01',
      'hall-power s/h1 7000: /a/n01 /a/n02 /b/n01',
      'hall-power s/h1/row 800: /b/n01',
      'hall-cooling s/h1 7500: /a/n01 /a/n02 /b/n01',
      'site-power s 9000: /a/n01 /a/n02 /b/n01 /c/n01',
    ]);
  });

  test('are numbered by their place in that list', () => {
    const { fleet } = world(...racks, {
      halls: { 's/h1': { powerBudgetW: 1, coolingLimitW: 2 }, 's/h2': { powerBudgetW: 3 } },
    }).state;
    expect(limitsOf(fleet).map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  test('a limit of nothing is a limit', () => {
    expect(limits(...racks, { sites: { s: { powerBudgetW: 0 } } })).toHaveLength(1);
  });

  test('places without nodes limit nobody', () => {
    expect(
      limits(...racks, { halls: { 's/h9': { powerBudgetW: 1 } }, loops: { 's/air': { coolingLimitW: 1 } } }),
    ).toEqual([]);
  });

  test('where nodes hang on different feeds of a rack, each letter is a limit of its own', () => {
    // A node counts in full on every letter it hangs on; one of two letters has one survivor, and carries what it says.
    expect(limitsByFeeds(['A'], ['B'])).toEqual([
      'rack-power s/a 1000: /a/n01',
      'rack-power s/a 2000: /a/n02',
    ]);
    expect(limitsByFeeds(['A', 'B'], ['B'])).toEqual([
      'rack-power s/a 1000: /a/n01',
      'rack-power s/a 2000: /a/n01 /a/n02',
    ]);
  });

  test('hold of a random list of racks what each rack says', () => {
    assert(
      property(integer({ min: 1, max: 4 }), nat(9000), (count, coolingLimitW) => {
        const names = Array.from({ length: count }, (_, at) => `s/r${at}`);
        const found = limits(...names.map((name) => `${name} 1×1 H100`), {
          racks: Object.fromEntries(names.map((name, at) => [name, { coolingLimitW: coolingLimitW + at }])),
        });
        expect(found).toEqual(
          names.map((name, at) => `rack-cooling ${name} ${coolingLimitW + at}: ${`${name}/n01`.slice(-6)}`),
        );
      }),
      { seed, numRuns: 20 },
    );
  });
});
