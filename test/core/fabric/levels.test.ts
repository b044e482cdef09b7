import { describe, expect, test } from 'vitest';

import { ask, costOf, planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { type Details, world } from '../fleet.ts';
import { nodesOf, outcome } from './ask.ts';

/** Four nodes of four GPUs in two racks; islands join n01 of both racks and n02 of both. */
const crossed: Details = {
  nodes: {
    'fra1/h1/r1/n01': { island: 'fra1/nvl-a' },
    'fra1/h1/r2/n01': { island: 'fra1/nvl-a' },
    'fra1/h1/r1/n02': { island: 'fra1/nvl-b' },
    'fra1/h1/r2/n02': { island: 'fra1/nvl-b' },
  },
};
const racks = ['fra1/h1/r1 2×4 H100 nvlink rdma leaf', 'fra1/h1/r2 2×4 H100 nvlink rdma leaf'];

describe('islands', () => {
  test('a gang prefers an island across nodes to a rack', () => {
    expect(nodesOf(planned(world(...racks, crossed), demand('2×4 H100 nvlink')))).toEqual([
      'r1/n01',
      'r2/n01',
    ]);
  });

  test('without islands on record it stays in a rack', () => {
    expect(nodesOf(planned(world(...racks), demand('2×4 H100 nvlink')))).toEqual(['r1/n01', 'r1/n02']);
  });

  test('the closest level still is one node', () => {
    expect(nodesOf(planned(world(...racks, crossed), demand('2×2 H100 nvlink')))).toEqual(['r1/n01']);
  });

  test('a gang kept on one island does not leave it', () => {
    const answer = ask(world(...racks, crossed), demand('3×4 H100 nvlink within:island'));
    expect(outcome(answer)).toBe('topology');
    const fits = planned(world(...racks, crossed), demand('3×2 H100 nvlink within:island'));
    expect(new Set(nodesOf(fits)).isSubsetOf(new Set(['r1/n01', 'r2/n01']))).toBe(true);
  });

  test('parts apart by island stand on different ones', () => {
    const answer = planned(world(...racks, crossed), demand('2×2 H100 apart:island'));
    expect(nodesOf(answer)).toEqual(['r1/n01', 'r1/n02']);
    expect(outcome(ask(world(...racks, crossed), demand('3×2 H100 apart:island')))).toBe('inventory');
  });

  test('a node whose GPUs are one domain is its own island, one of two domains is none', () => {
    const whole = world('fra1/h1/r1 2×4 H100 nvlink');
    expect(nodesOf(planned(whole, demand('2×2 H100 within:island')))).toEqual(['r1/n01']);
    expect(outcome(ask(whole, demand('2×4 H100 within:island')))).toBe('topology');
    const halves = world('fra1/h1/r1 2×4 H100 nvlink island2');
    expect(costOf(ask(halves, demand('2×2 H100 within:island')), 'topology')).toBe('8 → 0 gpu');
    expect(outcome(ask(halves, demand('2×2 H100 within:island')))).toBe('inventory');
  });

  test('without a link there is no island; where nobody stated the link the fact is missing', () => {
    expect(outcome(ask(world('fra1/h1/r1 1×4 H100 nolink'), demand('1×1 H100 within:island')))).toBe(
      'inventory',
    );
    expect(outcome(ask(world('fra1/h1/r1 1×4 H100'), demand('1×1 H100 within:island')))).toEqual([
      'missing island',
    ]);
  });

  test('the contract says which island joins its nodes', () => {
    const { plan } = planned(world(...racks, crossed), demand('2×4 H100 nvlink within:island'));
    const links = plan.terms.filter(({ kind }) => kind === 'accelerator-link').map(({ promise }) => promise);
    expect(links).toContain('all nodes of a part in one accelerator link domain: fra1/nvl-a');
  });
});

describe('spines', () => {
  const places = ['r1', 'r2', 'r3', 'r4'].map((rack) => `fra1/h1/${rack} 1×4 H100 nvlink rdma leaf`);
  const spines: Details = {
    leafs: {
      'fra1/leaf-r1': { spine: 'fra1/s1' },
      'fra1/leaf-r2': { spine: 'fra1/s2' },
      'fra1/leaf-r3': { spine: 'fra1/s2' },
      'fra1/leaf-r4': { spine: 'fra1/s1' },
    },
  };

  test('a gang prefers one spine to the whole hall', () => {
    expect(nodesOf(planned(world(...places, spines), demand('2×4 H100')))).toEqual(['r1/n01', 'r4/n01']);
    expect(nodesOf(planned(world(...places), demand('2×4 H100')))).toEqual(['r1/n01', 'r2/n01']);
  });

  test('a gang kept under one spine does not leave it', () => {
    expect(nodesOf(planned(world(...places, spines), demand('2×3 H100 together:spine')))).toEqual([
      'r1/n01',
      'r4/n01',
    ]);
    expect(outcome(ask(world(...places, spines), demand('3×4 H100 together:spine')))).toBe('topology');
  });

  test('parts apart by spine, and too many of them', () => {
    expect(nodesOf(planned(world(...places, spines), demand('2×1 H100 apart:spine')))).toEqual([
      'r1/n01',
      'r2/n01',
    ]);
    expect(outcome(ask(world(...places, spines), demand('3×1 H100 apart:spine')))).toBe('inventory');
  });

  test('where no spine is on record the fact is missing', () => {
    expect(outcome(ask(world(...places), demand('2×4 H100 together:spine')))).toEqual(['missing spine']);
  });
});
