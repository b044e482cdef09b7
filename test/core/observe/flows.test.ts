import { describe, expect, test } from 'vitest';

import { take } from '../acts.ts';
import { demand } from '../demand.ts';
import { t0, world } from '../fleet.ts';
import { look } from './look.ts';

/** Two nodes with one data NIC of 100 Gbit/s each, and a flow of 80 Gbit/s between them. */
const flows = [{ from: 'load', to: 'train', mbps: 80_000 }];
const flowing = (more: object = {}) =>
  take(
    world('fra1/h1/r1 2×4 H100 nordma cpu16'),
    demand('load: 1×cpu16 + train: 1×4 H100 24h', { flows, ...more }),
  );
const held = flowing();
const link = (node: number, value: number) => `r1/n0${node} data-link-mbps ${`${value} `.repeat(5).trim()}`;
const used = (node: number, value: number) => `r1/n0${node} data-used-mbps ${`${value} `.repeat(5).trim()}`;
const fast = [link(1, 100_000), link(2, 100_000)];

describe('flows on data NICs', () => {
  test('without a sample of their links are not measured, as they were before they could be', () => {
    expect(look(held, []).term('bandwidth')).toBe(
      'not-measured: counters say what was used, not what was to be had',
    );
  });

  test('are kept where there was room for all of them beside what was used', () => {
    expect(look(held, [...fast, used(1, 20_000), used(2, 7)]).term('bandwidth')).toBe(
      'kept: links of 2 of 2 nodes carry their flows; fra1/h1/r1/n01 used 20000 of 100000 Mbit/s at most, 80000 promised',
    );
  });

  test('are not judged where a busy NIC may be busy with others, nor where nothing counts', () => {
    expect(look(held, [...fast, used(1, 20_001), used(2, 7)]).term('bandwidth')).toMatch(
      /^not-measured: no samples tell of it; .*n01 used 20001 of 100000/,
    );
    expect(look(held, fast).term('bandwidth')).toMatch(/^not-measured: .*what was used is not known$/);
    expect(look(held, [link(1, 100_000), used(1, 0), used(2, 0)]).term('bandwidth')).toMatch(/^not-measured/);
  });

  test('are kept by a busy NIC of a node that nobody else is on', () => {
    const alone = flowing({ isolation: 'node' });
    expect(look(alone, [...fast, used(1, 90_000), used(2, 90_000)]).term('bandwidth')).toMatch(/^kept: /);
  });

  test('are broken by a link that came up slower, after three windows, with the node that a remedy avoids', () => {
    const two = ['r1/n01 data-link-mbps 100000 100000 100000 25000 25000', link(2, 100_000)];
    expect(look(held, [...two, used(1, 0), used(2, 0)]).term('bandwidth')).toMatch(/^kept/);
    const looked = look(held, [link(1, 25_000), link(2, 100_000), used(1, 0), used(2, 0)]);
    expect(looked.decision).toMatchObject({ kind: 'contract-breached' });
    expect(looked.term('bandwidth')).toBe(
      'broken: links of 1 of 2 nodes carry their flows: fra1/h1/r1/n01 carries 25000 of 80000 Mbit/s',
    );
    expect(looked.standing?.breach?.places).toEqual(['fra1/h1/r1/n01']);
    expect(look(held, [link(1, 80_000), link(2, 80_000), used(1, 0), used(2, 0)]).term('bandwidth')).toMatch(
      /^kept/,
    );
  });

  test('a breach lasts while nothing is known, and ends with three windows that keep it', () => {
    const slow = look(held, [link(1, 0), link(2, 0)]);
    expect(slow.decision.kind).toBe('contract-breached');
    const silent = look(slow.world, [], { atMs: t0 + 3_660_000 });
    expect(silent.standing?.breach).toBeDefined();
    const good = look(silent.world, [...fast, used(1, 0), used(2, 0)], { atMs: t0 + 3_720_000 });
    expect(good.decision.kind).toBe('contract-restored');
  });
});
