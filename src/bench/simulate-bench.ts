import { never } from '../core/calendar/calendar.ts';
import { simulate } from '../core/simulate/simulate.ts';
import type { State } from '../core/state.ts';
import { digestOf } from '../model/canonical.ts';
import { isStanding } from '../model/contract.ts';
import type { Path } from '../model/id.ts';
import type { Digest } from '../model/id.ts';
import { seatsOf } from '../model/placement.ts';
import { compareText } from '../model/text.ts';
import { book } from './bookings.ts';
import { makeFleet } from './fleets.ts';
import { Random } from './random.ts';
import { quantile } from './speed.ts';
import { allowAll } from './verdict.ts';

export type SimulateOptions = {
  /** Of the largest fleet; an eighth, a quarter and a half of it are measured before it. */
  readonly nodes: number;
  readonly seed: number;
  /** Racks that are lost, one after the other, each on the same state. */
  readonly losses: number;
  readonly nowNs: () => bigint;
  readonly cpuNs: () => bigint;
};

type SimulateResult = {
  readonly nodes: number;
  readonly contracts: number;
  readonly losses: number;
  /** Contracts that a loss hit, on average to tenths, and how many of all found another place. */
  readonly hit: number;
  readonly rePlaced: number;
  readonly stuck: number;
  /** By the clock, and by the time on a processor. */
  readonly ms: { readonly p50: number; readonly p99: number };
  readonly cpuMs: { readonly p50: number; readonly p99: number };
  /** Over who was hit and where they went. */
  readonly digest: Digest;
};

export type SimulateReport = { readonly seed: number; readonly results: readonly SimulateResult[] };

type Step = { readonly done: number; readonly total: number; readonly what: string };

/** All leafs are booked, as in the bench of plans; between the bookings there is room to go to. */
const bookedPercent = 100;

/**
 * Loses racks of generated fleets of four sizes and places anew what stood there. Throws when the contracts that were
 * hit are not exactly those with a seat in the rack, by a look at every contract.
 */
export function* benchSimulate(options: SimulateOptions): Generator<Step, SimulateReport> {
  const results: SimulateResult[] = [];
  for (const share of [8, 4, 2, 1])
    results.push(yield* benchFleet({ ...options, nodes: Math.max(1, Math.floor(options.nodes / share)) }));
  return { seed: options.seed, results };
}

function* benchFleet(options: SimulateOptions): Generator<Step, SimulateResult> {
  const { nodes, seed, losses, nowNs, cpuNs } = options;
  const steps = book(makeFleet(nodes, seed), seed, bookedPercent);
  let step = steps.next();
  for (; step.done !== true; step = steps.next())
    yield { done: step.value, total: nodes * 40, what: `bookings on ${nodes} nodes` };
  const { state } = step.value;
  const random = new Random(seed ^ 0x10_55);
  const racks = [...state.fleet.racks.keys()];
  const atMs = busyMs(state);
  const times: number[] = [];
  const cpuTimes: number[] = [];
  const outcomes: string[] = [];
  for (let at = 0; at < losses; at++) {
    const rack = racks[random.below(racks.length)];
    if (rack === undefined) break;
    const [startNs, startCpuNs] = [nowNs(), cpuNs()];
    const edit = {
      kind: 'lose',
      places: [{ kind: 'place', path: rack }],
      fromMs: atMs,
      untilMs: never,
    } as const;
    const { affected } = simulate(state, [edit], atMs, allowAll);
    cpuTimes.push(Number(cpuNs() - startCpuNs));
    times.push(Number(nowNs() - startNs));
    const hit = affected.map(({ contract }) => contract.id).toSorted(compareText);
    const expected = standingIn(state, rack, atMs);
    if (hit.join() !== expected.join())
      throw new Error(`losing ${rack} hit ${hit.join(' ')}, but ${expected.join(' ')} stand there`);
    outcomes.push(...affected.map(({ contract, move }) => `${rack} ${contract.id} ${move.kind}`));
    yield { done: at + 1, total: losses, what: `losses on ${nodes} nodes` };
  }
  return {
    nodes: state.fleet.nodes.length,
    contracts: state.contracts.size,
    losses: times.length,
    hit: times.length === 0 ? 0 : Math.round((10 * outcomes.length) / times.length) / 10,
    rePlaced: outcomes.filter((outcome) => !outcome.endsWith(' stuck')).length,
    stuck: outcomes.filter((outcome) => outcome.endsWith(' stuck')).length,
    ms: quantilesOf(times),
    cpuMs: quantilesOf(cpuTimes),
    digest: digestOf(outcomes),
  };
}

/** The middle of all starts: then about half of what was booked holds something or will. */
function busyMs({ contracts }: State): number {
  const starts = Array.from(contracts, ({ placement }) => placement.startMs).toSorted((a, b) => a - b);
  return starts[Math.floor(starts.length / 2)] ?? 0;
}

function standingIn({ contracts, fleet }: State, rack: Path, atMs: number): readonly string[] {
  return [...contracts]
    .filter((contract) => isStanding(contract, atMs))
    .filter(({ placement }) => seatsOf(placement).some(({ node }) => fleet.nodeById.get(node)?.rack === rack))
    .map(({ id }) => id)
    .toSorted(compareText);
}

function quantilesOf(timesNs: readonly number[]): { p50: number; p99: number } {
  const sorted = Float64Array.from(timesNs).toSorted();
  const millis = (permille: number) => Math.round(quantile(sorted, permille) / 1e4) / 100;
  return { p50: millis(500), p99: millis(990) };
}

/** A table, one fleet a line. */
export function drawSimulate({ results }: SimulateReport): string {
  const head = [
    'nodes',
    'contracts',
    'losses',
    'hit each',
    're-placed',
    'stuck',
    'ms p50',
    'p99',
    'cpu p50',
    'p99',
  ];
  const rows = results.map((result) =>
    [
      result.nodes,
      result.contracts,
      result.losses,
      result.hit,
      result.rePlaced,
      result.stuck,
      result.ms.p50,
      result.ms.p99,
      result.cpuMs.p50,
      result.cpuMs.p99,
    ].map(String),
  );
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  ');
  return `${[head, ...rows].map(line).join('\n')}\n`;
}
