import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { wattsOf } from '../../../src/core/inventory/power.ts';
import { Path } from '../../../src/model/id.ts';
import { ask, planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { type Details, verdictAll, world } from '../fleet.ts';
import { placement } from '../placement.ts';

const four = [{}, {}, {}, {}];

describe('watts of a machine: the largest that is known', () => {
  test.each([
    ['its parts', {}, 800, 400, four, 800, 400],
    ['its nameplate', { nameplateW: 3000 }, 800, 400, four, 1400, 400],
    ['what was set aside', { nameplateW: 2500, allocatedW: 2600 }, 800, 400, four, 1000, 400],
    [
      'what it was seen to draw',
      { nameplateW: 2500, allocatedW: 2600, measuredW: 2700 },
      800,
      400,
      four,
      1100,
      400,
    ],
    ['its parts, where the nameplate is less', { nameplateW: 2399 }, 800, 400, four, 800, 400],
    ['exactly its parts', { nameplateW: 2400 }, 800, 400, four, 800, 400],
    [
      'a GPU that was seen to draw more than it should',
      {},
      800,
      400,
      [{ measuredW: 100 }, { measuredW: 450 }, {}, {}],
      800,
      450,
    ],
    ['a GPU that was seen to draw less', {}, 800, 400, [{ measuredW: 100 }, {}, {}, {}], 800, 400],
    ['the nameplate alone', { nameplateW: 3000 }, undefined, undefined, four, 3000, undefined],
    ['the nameplate beside the GPUs', { nameplateW: 3000 }, undefined, 400, four, 1400, 400],
    ['GPUs that draw more than the nameplate', { nameplateW: 1000 }, undefined, 400, four, 0, 400],
    [
      'what was measured, where nothing else is known',
      { measuredW: 900 },
      undefined,
      undefined,
      [],
      900,
      undefined,
    ],
    ['nothing, where nothing is known', {}, undefined, undefined, four, undefined, undefined],
    ['a nameplate of nothing', { nameplateW: 0 }, undefined, undefined, [], 0, undefined],
  ])('%s', (_, node, basePowerW, gpuPowerW, gpus, base, gpu) => {
    expect(wattsOf({ node, basePowerW, gpuPowerW, gpus })).toEqual({ basePowerW: base, gpuPowerW: gpu });
  });
});

/** Four GPUs of 400 W and 400 W beside them: 2000 W by its parts. */
const rack = 'fra1/h1/r1 1×4 H100 gpuw400 basew400 cpu16 mem64';
const node = 'fra1/h1/r1/n01';

function heldW(details: Details, text: string): readonly number[] {
  return planned(world(rack, details), demand(text)).plan.placement.members.map(({ powerW }) => powerW);
}

describe('what is promised follows', () => {
  test.each([
    ['the parts of a machine', {}, '1×4 H100 24h', 2000],
    ['its nameplate', { nodes: { [node]: { nameplateW: 3000 } } }, '1×4 H100 24h', 3000],
    ['its nameplate for half of it', { nodes: { [node]: { nameplateW: 3000 } } }, '1×2 H100 24h', 1500],
    [
      'what it was seen to draw',
      { nodes: { [node]: { nameplateW: 3000, measuredW: 3100 } } },
      '1×4 H100 24h',
      3100,
    ],
    ['what a GPU was seen to draw', { gpus: { [`${node}/gpu2`]: { measuredW: 500 } } }, '1×4 H100 24h', 2400],
  ] satisfies [string, Details, string, number][])('%s', (_, details, text, watts) => {
    expect(heldW(details, text)).toEqual([watts]);
  });

  test('so a rack that carries the parts but not the nameplate is refused', () => {
    const feeds = { racks: { 'fra1/h1/r1': { feedLimitW: { A: 2500 } } } };
    expect(ask(world(rack, feeds), demand('1×4 H100 24h')).kind).toBe('planned');
    const answer = ask(
      world(rack, { ...feeds, nodes: { [node]: { nameplateW: 3000 } } }),
      demand('1×4 H100 24h'),
    );
    expect(answer.kind).toBe('refused');
  });

  test('and the auditor refuses a member that holds less', () => {
    const { state } = world(rack, { nodes: { [node]: { nameplateW: 3000 } } });
    const broken = (watts: number) =>
      check(
        state,
        demand('1×4 H100 24h'),
        verdictAll(state, 'allowed'),
        placement(24, `train 0 ${node} gpu0-3 nic0-3 ${watts}W`),
      ).filter(({ note }) => note.includes(' W'));
    expect(broken(2999)).not.toEqual([]);
    expect(broken(3000)).toEqual([]);
  });

  test('and goes by the facts of the machine itself, whatever its shape says', () => {
    const { state } = world(rack, { nodes: { [node]: { nameplateW: 3000 } } });
    const path = Path.parse(node);
    const nodes = state.fleet.nodes.map((known) =>
      known.id === path ? { ...known, shape: { ...known.shape, basePowerW: 400 } } : known,
    );
    const forged = {
      ...state,
      fleet: { ...state.fleet, nodes, nodeById: new Map(nodes.map((known) => [known.id, known])) },
    };
    const found = check(
      forged,
      demand('1×4 H100 24h'),
      verdictAll(state, 'allowed'),
      placement(24, `train 0 ${node} gpu0-3 nic0-3 2000W`),
    );
    expect(found.map(({ note }) => note)).toContainEqual(expect.stringContaining('3000'));
  });
});
