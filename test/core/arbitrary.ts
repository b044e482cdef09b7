import {
  type Arbitrary,
  array,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  option,
  record,
  tuple,
  uniqueArray,
} from 'fast-check';

import type { Demand } from '../../src/model/demand.ts';
import { demand } from './demand.ts';
import { type Details, hourMs, t0 } from './fleet.ts';

/** Every run draws the same cases. */
export const seed = 20_261_125;

const words = (...choices: readonly string[]) => constantFrom(...choices);

/** Mostly nothing, so that most demands fit somewhere and get into each other's way. */
function seldom(...choices: readonly string[]): Arbitrary<string> {
  return oneof({ weight: 4, arbitrary: constant('') }, { weight: 1, arbitrary: constantFrom(...choices) });
}

/** Racks in words, so that a counterexample can be read: `fra1/h1/r1 2×8 H100 nvlink rdma cpu16 mem64`. */
const rackLines: Arbitrary<string[]> = uniqueArray(
  words('fra1/h1/r1', 'fra1/h1/r2', 'fra1/h2/r3', 'ams2/h1/a1', 'edge/x'),
  { minLength: 2, maxLength: 4 },
).chain((places) => tuple(...places.map(rackLine)));

function rackLine(place: string): Arbitrary<string> {
  return tuple(
    constant(place),
    tuple(integer({ min: 1, max: 3 }), words('2', '4', '8')).map((size) => size.join('×')),
    words('H100', 'H100', 'A100'),
    words('nvlink', 'nvlink', 'nvlink island2', 'nolink', ''),
    words('rdma', 'rdma', 'nordma', ''),
    words('leaf', ''),
    words('cpu16 mem64', 'cpu16 mem64', 'cpu8 mem32', ''),
    words('gpuw700 basew800', ''),
    words('gpumem80', ''),
    words('', 'numa2 disk60', 'numa2 roots2 disk60'),
  ).map((line) => line.filter((word) => word !== '').join(' '));
}

/** What befalls single nodes and GPUs, and what racks carry. Places that a fleet does not have are new ones. */
const details: Arbitrary<Details> = record({
  powerW: option(integer({ min: 2000, max: 12_000 })),
  cordoned: boolean(),
  down: boolean(),
  loopW: option(integer({ min: 1000, max: 9000 }), { freq: 2 }),
  hallW: option(integer({ min: 2000, max: 9000 }), { freq: 2 }),
  siteW: option(integer({ min: 3000, max: 15_000 }), { freq: 2 }),
  prices: record({ fra1: integer({ min: 1, max: 5 }), ams2: integer({ min: 1, max: 5 }) }),
}).map(({ powerW, loopW, hallW, siteW, cordoned, down, prices }) => ({
  racks: {
    'fra1/h1/r1': { ...(powerW === null ? {} : { feedLimitW: { A: powerW, B: powerW } }), loop: 'fra1/cdu' },
    'fra1/h2/r3': { loop: 'fra1/cdu' },
  },
  loops: loopW === null ? {} : { 'fra1/cdu': { coolingLimitW: loopW } },
  halls: hallW === null ? {} : { 'fra1/h1': { powerBudgetW: hallW, coolingLimitW: hallW + 500 } },
  nodes: cordoned ? { 'fra1/h1/r1/n01': { schedulable: false } } : {},
  gpus: down ? { 'fra1/h1/r2/n01/gpu1': { health: 'down' } } : {},
  sites: {
    fra1: { ...pricesOf(prices.fra1, 1), ...(siteW === null ? {} : { powerBudgetW: siteW }) },
    ams2: pricesOf(prices.ams2, 2),
  },
}));

function pricesOf(base: number, step: number): object {
  const eur = 1_000_000;
  return {
    gpuPrices: { H100: base * eur, A100: (base + step) * eur - 1 },
    cpuPriceMicroEurPerHour: 10_001,
  };
}

/** Racks and details of a fleet, before anybody has asked for anything. */
export const fleets: Arbitrary<readonly (string | Details)[]> = tuple(rackLines, details).map(
  ([lines, more]) => [...lines, keepKnown(lines, more)],
);

/** Details about racks and nodes that the fleet has. */
function keepKnown(lines: readonly string[], { racks, halls, loops, nodes, gpus, sites }: Details): Details {
  const known = (sets: Readonly<Record<string, object>> = {}) =>
    Object.fromEntries(
      Object.entries(sets).filter(([path]) => lines.some((line) => about(line).some((own) => own === path))),
    );
  return {
    racks: known(racks),
    halls: known(halls),
    ...(loops === undefined ? {} : { loops }),
    nodes: known(nodes),
    gpus: known(gpus),
    sites: known(sites),
  };
}

/** The first node is always there, so its first two GPUs are. */
function about(line: string): readonly string[] {
  const place = line.split(' ', 1).join();
  return [...place.split('/').slice(0, 1), hallOf(place), place, `${place}/n01`, `${place}/n01/gpu1`];
}

function hallOf(place: string): string {
  return place.split('/').slice(0, 2).join('/');
}

const window: Arbitrary<object> = tuple(
  integer({ min: 0, max: 5 }),
  option(integer({ min: 1, max: 6 }), { freq: 5 }),
  option(integer({ min: 0, max: 12 })),
).map(([earliest, hours, flexible]) => ({
  earliestStartMs: t0 + earliest * hourMs,
  ...(hours === null ? {} : { durationS: hours * 3600 }),
  ...(flexible === null ? {} : { latestStartMs: t0 + (earliest + flexible) * hourMs }),
}));

const demandText: Arbitrary<string> = tuple(
  tuple(integer({ min: 1, max: 3 }), words('1', '1', '2', '2', '4', '8')).map((size) => size.join('×')),
  words('H100', 'H100', 'A100', 'H100|A100', ''),
  seldom('nvlink', 'link'),
  seldom('rdma'),
  seldom('cpu2 mem4', 'gpumem40', 'disk25'),
  seldom('align:numa', 'align:numa', 'align:pcie-root'),
  seldom('within:rack', 'within:node', 'apart:node', 'apart:rack', 'within:numa', 'apart:numa'),
  seldom('together:rack', 'together:hall', 'together:leaf', 'together:node', 'together:numa'),
  seldom('+ load: 2×cpu3 mem2', '+ load: 1×cpu1 apart:node', '+ eval: 1×1 A100'),
).map((text) => text.filter((word) => word !== '').join(' '));

/** Demands in words, with windows in whole hours. */
export const demands: Arbitrary<Demand> = tuple(
  demandText,
  window,
  record({ tenant: words('acme', 'globex') }),
  oneof(
    { weight: 7, arbitrary: constant({}) },
    { weight: 2, arbitrary: record({ isolation: words('node', 'rack', 'site') }) },
  ),
  oneof(
    { weight: 7, arbitrary: constant({}) },
    {
      weight: 1,
      arbitrary: record({
        survive: record({ loss: words('node', 'rack'), membersLeft: integer({ min: 1, max: 2 }) }),
      }),
    },
  ),
  record(
    {
      objective: words('cheapest', 'soonest', 'tightest', 'greenest', 'fastest'),
      powerCapW: oneof({ weight: 1, arbitrary: integer({ min: 800, max: 12_000 }) }),
    },
    { requiredKeys: ['objective'] },
  ).map(({ powerCapW, ...more }) =>
    powerCapW === undefined || powerCapW % 3 > 0 ? more : { ...more, powerCapW },
  ),
).map(([text, when, tenant, alone, survives, rest]) =>
  demand(text, { window: when, ...tenant, ...alone, ...survives, ...rest }),
);

/** One thing that somebody does. Contracts are counted from the oldest, modulo how many there are. */
export type Step =
  | { readonly kind: 'take'; readonly demand: Demand; readonly waitH: number }
  | { readonly kind: 'plan'; readonly demand: Demand; readonly waitH: number }
  | { readonly kind: 'commit'; readonly plan: number; readonly waitH: number }
  | { readonly kind: 'release'; readonly contract: number; readonly waitH: number }
  | { readonly kind: 'lose'; readonly node: number; readonly waitH: number };

const waitH = words('0', '0', '0', '1', '2').map(Number);
const number = integer({ min: 0, max: 7 });

export const steps: Arbitrary<readonly Step[]> = array(
  tuple(integer({ min: 0, max: 9 }), demands, number, waitH).map(([choice, asked, which, wait]): Step => {
    if (choice < 4) return { kind: 'take', demand: asked, waitH: wait };
    if (choice < 6) return { kind: 'plan', demand: asked, waitH: 0 };
    if (choice < 7) return { kind: 'commit', plan: which, waitH: 0 };
    if (choice < 9) return { kind: 'release', contract: which, waitH: wait };
    return { kind: 'lose', node: which, waitH: 0 };
  }),
  { minLength: 4, maxLength: 14 },
);
