import { plan } from '../core/plan.ts';
import type { State } from '../core/state.ts';
import { digestOf } from '../model/canonical.ts';
import type { Demand } from '../model/demand.ts';
import type { Digest } from '../model/id.ts';
import type { PlanAnswer } from '../model/plan.ts';
import { type Booked, book, grant } from './bookings.ts';
import { fleetStartMs, makeFleet } from './fleets.ts';
import { ask, type Topic } from './questions.ts';
import { Random } from './random.ts';
import { quantile } from './speed.ts';
import { allowAll } from './verdict.ts';

export type PlanningOptions = {
  readonly topic: Topic;
  /** Of the largest fleet. Fleets of an eighth, a quarter and a half of it are measured before it. */
  readonly nodes: number;
  readonly seed: number;
  /** Asked of each fleet. */
  readonly questions: number;
  /** At most so many of them are answered by a plain scan too, as far as there is time for it. */
  readonly scans: number;
  readonly nowNs: () => bigint;
  /** Time that this thread had a processor: what counts where others use the machine too. */
  readonly cpuNs: () => bigint;
  /** Bytes of the heap that are reachable. */
  readonly heapBytes: () => number;
};

/** What was measured of one fleet. Times are those of decisions; making the fleet is not among them. */
export type PlanningResult = {
  readonly nodes: number;
  readonly gpus: number;
  readonly contracts: number;
  /** Replicas that hold something on a node from one instant to another. */
  readonly bookings: number;
  readonly questions: number;
  readonly planned: number;
  /** Of the first decision: it also lays out the index. */
  readonly firstMs: number;
  readonly decisionsPerSecond: number;
  readonly ms: Quantiles;
  /** The same by the time on a processor: without waiting for it. */
  readonly cpuMs: Quantiles;
  readonly scan: Scan;
  /** What the fleet, its calendar and its contracts take of the heap. */
  readonly stateMib: number;
  /** What the index takes besides. */
  readonly indexMib: number;
  /** Over all answers, in order. The same seed gives the same one everywhere. */
  readonly digest: Digest;
};

type Quantiles = { readonly p50: number; readonly p99: number; readonly p999: number };

/** The same questions answered without an index, in the same process; the answers were equal. */
type Scan = {
  readonly sampled: number;
  readonly medianMs: number;
  /** The median of the scan's times over the median of ours for the same questions. */
  readonly ratio: number;
};

export type PlanningReport = {
  readonly topic: Topic;
  readonly seed: number;
  /** From the smallest fleet to the largest. */
  readonly results: readonly PlanningResult[];
};

type Step = { readonly done: number; readonly total: number; readonly what: string };

/** No more time than this is spent on scans of one fleet, but for the first one. */
const scanNs = 10_000_000_000n;

/** Every so many plans one is committed, so that the index has to follow the calendar. */
const commitEvery = 8;

/** Asks generated fleets of four sizes questions on one topic. Throws when index and scan give different answers. */
export function* benchPlanning(options: PlanningOptions): Generator<Step, PlanningReport> {
  const results: PlanningResult[] = [];
  for (const share of [8, 4, 2, 1]) {
    const nodes = Math.max(1, Math.floor(options.nodes / share));
    const slowest = results.at(-1)?.scan.medianMs ?? 0;
    results.push(yield* benchFleet({ ...options, nodes, ...(slowest > 2500 ? { scans: 0 } : {}) }));
  }
  const { topic, seed } = options;
  return { topic, seed, results };
}

function* benchFleet(options: PlanningOptions): Generator<Step, PlanningResult> {
  const { topic, seed, heapBytes } = options;
  const before = heapBytes();
  const empty = makeFleet(options.nodes, seed);
  const booked = yield* booking(empty, options);
  const stateBytes = heapBytes() - before;
  const asked = yield* asking(booked.state, options);
  const { timesNs, scans } = asked;
  const sorted = Float64Array.from(timesNs).toSorted();
  const total = sorted.reduce((sum, ns) => sum + ns, 0);
  return {
    nodes: empty.fleet.nodes.length,
    gpus: empty.fleet.nodes.reduce((sum, { shape }) => sum + shape.gpus.length, 0),
    contracts: booked.contractCount,
    bookings: booked.bookingCount,
    questions: timesNs.length,
    planned: asked.planned,
    firstMs: millis(asked.firstNs),
    decisionsPerSecond: total === 0 ? 0 : Math.round((1e9 * timesNs.length) / total),
    ms: quantilesOf(sorted),
    cpuMs: quantilesOf(Float64Array.from(asked.cpuNs).toSorted()),
    scan: scanOf(scans),
    stateMib: mib(stateBytes),
    indexMib: mib(heapBytes() - before - stateBytes),
    digest: digestOf([topic, ...asked.digests]),
  };
}

/** Half of the leafs are booked for large gangs, all of them for everything else. */
function* booking(empty: State, { topic, seed, nodes }: PlanningOptions): Generator<Step, Booked> {
  const steps = book(empty, seed, topic === 'gang' ? 50 : 100);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield { done: step.value, total: nodes * 40, what: `bookings on ${nodes} nodes` };
  }
}

type Timed = { readonly scanNs: number; readonly indexedNs: number };

type Asked = {
  readonly firstNs: number;
  readonly timesNs: readonly number[];
  readonly cpuNs: readonly number[];
  readonly planned: number;
  readonly scans: readonly Timed[];
  readonly digests: readonly Digest[];
};

/** Unmeasured questions before those that count, so that what is measured is compiled. */
const warmUp = 12;

function* asking(start: State, options: PlanningOptions): Generator<Step, Asked> {
  const random = new Random(options.seed ^ 0x0a5c_0de5);
  let state = start;
  let planned = 0;
  let scannedNs = 0n;
  const timesNs: number[] = [];
  const cpuNs: number[] = [];
  const scans: Timed[] = [];
  const digests: Digest[] = [];
  const first = timed(options, () => answer(state, ask(options.topic, state, random)));
  for (let at = -warmUp; at < options.questions; at++) {
    const demand = ask(options.topic, state, random);
    const own = timed(options, () => answer(state, demand));
    if (at < 0) continue;
    const digest = digestOfAnswer(own.value);
    timesNs.push(Number(own.ns));
    cpuNs.push(Number(own.cpuNs));
    digests.push(digest);
    if (scans.length < options.scans && scannedNs < scanNs) {
      const scan = timed(options, () => answer(state, demand, true));
      if (digestOfAnswer(scan.value) !== digest)
        throw new Error(`question ${at}: the index and a plain scan give different answers`);
      scannedNs += scan.ns;
      scans.push({ scanNs: Number(scan.ns), indexedNs: Number(own.ns) });
    }
    // Questions are about any time: committed at the beginning, none makes the calendar forget what another asks for.
    if (own.value.kind === 'planned' && planned++ % commitEvery === 0)
      state = grant(state, own.value.plan, fleetStartMs);
    yield { done: at + 1, total: options.questions, what: `questions on ${options.nodes} nodes` };
  }
  return { firstNs: Number(first.ns), timesNs, cpuNs, planned, scans, digests };
}

function answer(state: State, demand: Demand, isPlain = false): PlanAnswer {
  return plan(state, { atMs: demand.window.earliestStartMs, verdict: allowAll(state), isPlain }, demand);
}

function digestOfAnswer(found: PlanAnswer): Digest {
  return found.kind === 'planned' ? found.digest : digestOf([found.refusal, found.report]);
}

function timed<T>(
  { nowNs, cpuNs }: PlanningOptions,
  work: () => T,
): { readonly value: T; readonly ns: bigint; readonly cpuNs: bigint } {
  const startNs = nowNs();
  const startCpuNs = cpuNs();
  const value = work();
  return { value, cpuNs: cpuNs() - startCpuNs, ns: nowNs() - startNs };
}

function scanOf(scans: readonly Timed[]): Scan {
  const scanned = quantile(Float64Array.from(scans, (scan) => scan.scanNs).toSorted(), 500);
  const indexed = quantile(Float64Array.from(scans, ({ indexedNs }) => indexedNs).toSorted(), 500);
  return {
    sampled: scans.length,
    medianMs: millis(scanned),
    ratio: indexed === 0 ? 0 : Math.round((10 * scanned) / indexed) / 10,
  };
}

function quantilesOf(sorted: Float64Array): Quantiles {
  return {
    p50: millis(quantile(sorted, 500)),
    p99: millis(quantile(sorted, 990)),
    p999: millis(quantile(sorted, 999)),
  };
}

/** Milliseconds, to hundredths. */
function millis(ns: number): number {
  return Math.round(ns / 1e4) / 100;
}

function mib(bytes: number): number {
  return Math.round((10 * bytes) / 2 ** 20) / 10;
}
