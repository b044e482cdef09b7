import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { additionTo, stepOf } from '../../../src/core/life/addition.ts';
import { contractOf } from '../../../src/core/state.ts';
import type { Contract } from '../../../src/model/contract.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { ContractId } from '../../../src/model/id.ts';
import { HeldBandwidth, type Member, type Placement, Transfer } from '../../../src/model/placement.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { planned } from '../acts.ts';
import { demand } from '../demand.ts';
import { hourMs, t0, world } from '../fleet.ts';
import { granted, placement } from '../placement.ts';

const fleet = world('fra1/h1/r1 4×8 H100');
const wish = demand('1×1 H100 1h');
const pattern = planned(fleet, wish).plan;
const at = (hours: number) => t0 + hours * hourMs;

const one = 'train 0 fra1/h1/r1/n01 gpu0 cpu1 mem1 700W';
const two = 'train 1 fra1/h1/r1/n01 gpu1 cpu1 mem1 700W';
const three = 'train 2 fra1/h1/r1/n02 gpu0 cpu1 mem1 700W';

/** A placement from an hour to an hour, or without an end. */
function span(from: number, to: number | undefined, ...lines: readonly string[]): Placement {
  const { endMs: _end, ...rest } = placement(1, ...lines);
  return { ...rest, startMs: at(from), ...(to === undefined ? {} : { endMs: at(to) }) };
}

function contractWith(held: Placement, asked: Demand = wish): Contract {
  const found = contractOf(granted(fleet, asked, held).state, ContractId.parse('C-101'));
  if (found === undefined) throw new Error('it was granted');
  return { ...found, placement: held };
}

const planOf = (held: Placement, asked: Demand = wish): Plan => ({
  ...pattern,
  demand: asked,
  placement: held,
});

const isEmpty = ({ gpus, cpuMilli }: Member) => gpus.length === 0 && cpuMilli === 0;
const nameOf = (seat: Member) => `${seat.part} ${seat.replica}${isEmpty(seat) ? ' (place only)' : ''}`;

/** What is held besides: from hour to hour, whom. */
const hour = (ms: number | undefined) => (ms === undefined ? '' : (ms - t0) / hourMs);

function told(placements: readonly Placement[]): string[] {
  return placements.map(
    ({ startMs, endMs, members }) => `${hour(startMs)}–${hour(endMs)}: ${members.map(nameOf).join(', ')}`,
  );
}

const step = (before: readonly string[], after: readonly string[]) => {
  const { gained, kept, lost } = stepOf({ placement: span(0, 1, ...before) }, span(0, 1, ...after));
  return [gained, kept, lost].map((seats) => seats.map(nameOf).join(', '));
};

const cpu = (replica: number) => `load ${replica} fra1/h1/r1/n01 cpu2`;

const cores = (all: readonly Member[]) => all.map(({ cpuMilli }) => cpuMilli).toSorted((a, b) => a - b);

describe('seat by seat', () => {
  test.each([
    ['the same', [one, two], [one, two], ['', 'train 0, train 1', '']],
    ['one more', [one], [one, two], ['train 1', 'train 0', '']],
    ['one fewer', [one, two], [one], ['', 'train 0', 'train 1']],
    ['one that moves', [one, two], [one, three], ['train 2', 'train 0', 'train 1']],
    ['another number of the same seat', [one], [one.replace('train 0', 'train 7')], ['', 'train 7', '']],
    ['another part of the same seat', [one], [one.replace('train', 'eval')], ['', 'eval 0', '']],
    ['more power on the same GPU', [one], [one.replace('700W', '701W')], ['train 0', '', 'train 0']],
    ['fewer cores beside the same GPU', [one], [one.replace(' cpu1', '')], ['train 0', '', 'train 0']],
    ['a spare that is put to work', [one, `+ ${two}`], [one, two], ['', 'train 0, train 1', '']],
    ['a spare that comes to it', [one], [one, `+ ${two}`], ['train 1', 'train 0', '']],
    ['a spare that goes', [one, `+ ${two}`], [one], ['', 'train 0', 'train 1']],
  ] as const)('%s', (_, before, after, expected) => {
    expect(step(before, after)).toEqual(expected);
  });

  test('seats that hold the same of a node are as many as there are: each is kept once', () => {
    expect(step([cpu(0)], [cpu(0), cpu(1), cpu(2)])).toEqual(['load 1, load 2', 'load 0', '']);
    expect(step([cpu(0), cpu(1), cpu(2)], [cpu(5)])).toEqual(['', 'load 5', 'load 1, load 2']);
    expect(step([cpu(0), cpu(1)], [cpu(1), cpu(0)])).toEqual(['', 'load 1, load 0', '']);
  });

  test('what is gained and kept is all of the plan, what is kept and lost all of the contract, by count', () => {
    const seats = fc
      .array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 6 })
      .map((kinds) => kinds.map((kind, replica) => `load ${replica} fra1/h1/r1/n01 cpu${kind + 1}`));
    fc.assert(
      fc.property(seats, seats, (before, after) => {
        const [from, to] = [span(0, 1, ...before), span(0, 1, ...after)];
        const { gained, kept, lost } = stepOf({ placement: from }, to);
        expect(cores([...gained, ...kept])).toEqual(cores(to.members));
        expect(cores([...lost, ...kept])).toEqual(cores(from.members));
        // Nothing that could have been kept is given up and taken again.
        const gone = new Set(cores(lost));
        expect(cores(gained).filter((cpuMilli) => gone.has(cpuMilli))).toEqual([]);
      }),
      { numRuns: 200, seed: 31 },
    );
  });
});

describe('what a change holds besides its contract', () => {
  const running = contractWith(span(2, 10, one, two));
  test.each([
    ['nothing for the same', span(2, 10, one, two), []],
    ['nothing for less', span(2, 10, one), []],
    ['nothing for a shorter time', span(3, 9, one, two), []],
    ['what comes to it, for as long as both hold', span(2, 10, one, two, three), ['2–10: train 2']],
    ['what comes to it, from then on', span(4, 10, one, two, three), ['4–10: train 2']],
    ['all of it after the contract has ended', span(2, 12, one, two), ['10–12: train 0, train 1']],
    ['all of it for good after a contract that ends', span(2, undefined, one), ['10–: train 0']],
    ['all of it before the contract begins', span(0, 10, one, two), ['0–2: train 0, train 1']],
    [
      'before, meanwhile and after',
      span(1, 11, one, three),
      ['1–2: train 0, train 2', '2–10: train 2', '10–11: train 0, train 2'],
    ],
    ['all of what is over before the contract begins', span(0, 1, one), ['0–1: train 0']],
    ['all of what begins when the contract ends', span(10, 12, one), ['10–12: train 0']],
    ['all of what ends when the contract begins', span(0, 2, one), ['0–2: train 0']],
    [
      'with a spare as one of its seats',
      span(2, 11, one, `+ ${three}`),
      ['2–10: train 2', '10–11: train 0, train 2'],
    ],
  ] as const)('%s', (_, held, expected) => {
    expect(told(additionTo(running, planOf(held)))).toEqual(expected);
  });

  test.each([
    ['an end that comes is nothing more', span(2, 50, one), []],
    ['what comes to it has no end either', span(3, undefined, one, three), ['3–: train 2']],
    ['what begins earlier is held until it begins', span(1, undefined, one), ['1–2: train 0']],
  ] as const)('of a contract without an end: %s', (_, held, expected) => {
    expect(told(additionTo(contractWith(span(2, undefined, one)), planOf(held)))).toEqual(expected);
  });

  test('keeps the places of all its seats where it is to be alone there from now on', () => {
    const alone = demand('1×1 H100 1h', { isolation: 'node' });
    expect(told(additionTo(running, planOf(span(2, 10, one, two), alone)))).toEqual([
      '2–10: train 0 (place only), train 1 (place only)',
    ]);
    expect(told(additionTo(running, planOf(span(2, 10, one, three), alone)))).toEqual([
      '2–10: train 2, train 0 (place only)',
    ]);
    const own = contractWith(span(2, 10, one, two), alone);
    expect(additionTo(own, planOf(span(2, 10, one, two), alone))).toEqual([]);
  });

  test('a seat that only keeps a place takes nothing there', () => {
    const alone = demand('1×1 H100 1h', { isolation: 'node' });
    const [closing] = additionTo(running, planOf(span(2, 10, one), alone));
    expect(closing?.members).toEqual([
      {
        part: 'train',
        replica: 0,
        node: 'fra1/h1/r1/n01',
        gpus: [],
        nics: [],
        cpuMilli: 0,
        memoryMib: 0,
        powerW: 0,
      },
    ]);
  });
});

const edge = (name: string, mbps: number, fabric = 'rdma') =>
  HeldBandwidth.parse({ fabric, edge: name, mbps });

const on = (held: Placement, ...bandwidth: readonly HeldBandwidth[]): Placement => ({
  ...held,
  bandwidth: [...bandwidth],
});

const transfer = (dataset: string) =>
  Transfer.parse({
    dataset,
    from: 'ams2/pool',
    to: 'fra1',
    wanLink: 'wan/one',
    mbps: 10,
    startMs: t0,
    endMs: at(1),
  });

describe('what a change needs of fabrics besides its contract', () => {
  const before = span(2, 10, one);
  const more = (had: readonly HeldBandwidth[], wants: readonly HeldBandwidth[]) => {
    const added = additionTo(contractWith(on(before, ...had)), planOf(on(before, ...wants)));
    return added.flatMap(({ bandwidth = [] }) => bandwidth.map(({ edge: of, mbps }) => `${of} ${mbps}`));
  };
  const leaf = 'fra1/leaf1';

  test.each([
    ['nothing for as much', [edge(leaf, 100)], [edge(leaf, 100)], []],
    ['nothing for less', [edge(leaf, 100)], [edge(leaf, 99)], []],
    ['the difference for more', [edge(leaf, 100)], [edge(leaf, 101)], [`${leaf} 1`]],
    ['all of it on an edge that it did not use', [], [edge(leaf, 40)], [`${leaf} 40`]],
    [
      'all of it on the same edge of another fabric',
      [edge(leaf, 100, 'data')],
      [edge(leaf, 40)],
      [`${leaf} 40`],
    ],
    [
      'each edge by itself: one that needs less does not pay for another',
      [edge(leaf, 100), edge('fra1/leaf2', 10)],
      [edge(leaf, 50), edge('fra1/leaf2', 15)],
      ['fra1/leaf2 5'],
    ],
  ] as const)('%s', (_, had, wants, expected) => {
    expect(more(had, wants)).toEqual(expected);
  });

  test('all of it while the contract holds nothing yet, or no more', () => {
    const contract = contractWith(on(before, edge(leaf, 100)));
    const longer = additionTo(contract, planOf(on(span(1, 11, one), edge(leaf, 120))));
    expect(longer.map(({ bandwidth }) => bandwidth?.map(({ mbps }) => mbps))).toEqual([[120], [20], [120]]);
  });

  test('the transfers that it does not make already, once and not again when it goes on', () => {
    const moving = { ...before, transfers: [transfer('books')] };
    const wants = { ...span(2, 11, one), transfers: [transfer('books'), transfer('pictures')] };
    const added = additionTo(contractWith(moving), planOf(wants));
    expect(added.map(({ transfers }) => transfers?.map(({ dataset }) => dataset))).toEqual([
      ['pictures'],
      undefined,
    ]);
    expect(additionTo(contractWith(moving), planOf(moving))).toEqual([]);
  });

  test('all transfers of what begins just when the contract ends: nothing of it goes on', () => {
    const next = { ...span(10, 12, one), transfers: [transfer('books')] };
    const moving = contractWith({ ...before, transfers: [transfer('books')] });
    expect(additionTo(moving, planOf(next))).toEqual([next]);
  });
});
