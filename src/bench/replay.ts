import type { Mask } from '../core/mask.ts';
import type { Base } from '../core/packing/bases.ts';
import { type NodeCapacity, Nodes } from '../core/packing/nodes.ts';
import { Packer } from '../core/packing/packer.ts';
import { type PolicyName, policyNamed } from '../core/packing/policies.ts';
import { PowerMeter, unknownModels } from '../core/packing/power.ts';
import { scan } from '../core/packing/scan.ts';
import { gpuMilliOf, type Shape, Shapes } from '../core/packing/shape.ts';
import { targetOf } from '../core/packing/target.ts';
import { Columns } from './columns.ts';
import { LeastPower } from './least-power.ts';

/** One fleet, the requests that may come, and the numbers of those that do come, in order. */
export type Scenario = {
  readonly nodes: readonly NodeCapacity[];
  readonly list: readonly Shape[];
  readonly arrivals: readonly number[];
};

/** One decision: where the request went, by node id, or that it failed. */
export type Decided = { readonly index: number; readonly node: string | undefined; readonly gpus: Mask };

export type ReplayOptions = {
  readonly policy: PolicyName;
  /** Thousandths of the score that are watts, for the policy that saves power; half of them where nobody says. */
  readonly powerWeight?: number;
  /** A clock in nanoseconds; without it nothing is timed. */
  readonly nowNs?: () => bigint;
  /** About how many decisions a plain scan makes as well, to compare answers and times. */
  readonly scanCount?: number;
  /** Percent of the GPUs requested at which the least possible power is worked out. */
  readonly leastAt?: readonly number[];
  readonly onDecision?: (decided: Decided) => void;
};

export type Replay = {
  /** What the policy is built on. */
  readonly base: Base;
  /** Hundredths of a percent of the GPU milli in use, when so many percent were requested. */
  readonly allocation: ReadonlyMap<number, number>;
  /** Watts that the fleet draws, in the same way; nothing where the draw of a GPU model is not known. */
  readonly powerW: ReadonlyMap<number, number> | undefined;
  /** Watts that no policy could go below with the same requests running, where `leastAt` asks for them. */
  readonly leastW: ReadonlyMap<number, number>;
  readonly failedCount: number;
  readonly usedMilli: number;
  /** Nanoseconds before the first decision: target, rehearsal and the first ranking of every shape. */
  readonly setupNs: number;
  /** Nanoseconds of each decision, in order. */
  readonly decisionNs: Float64Array;
  readonly scans: readonly TimedScan[];
};

/** Nanoseconds of a plain scan, and of the indexed decision for the same request at the same moment. */
type TimedScan = { readonly scanNs: number; readonly indexedNs: number };

/** Decisions between two pauses. */
const pauseEvery = 2048;

/** Replays in one go. */
export function replay(scenario: Scenario, options: ReplayOptions): Replay {
  const steps = replaySteps(scenario, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/**
 * Requests arrive one by one, none leaves; after each, the use of the GPUs is measured (Weng et al., USENIX ATC 2023,
 * and the experiments of their simulator). Pauses now and then with the number of decisions made, so that whoever
 * drives it can show progress or stop. Throws where the scan would have decided otherwise: that is a bug.
 */
export function* replaySteps(
  { nodes: capacities, list, arrivals }: Scenario,
  options: ReplayOptions,
): Generator<number, Replay> {
  const nowNs = options.nowNs ?? (() => 0n);
  const bornNs = nowNs();
  const nodes = new Nodes(capacities);
  const shapes = new Shapes(nodes.models);
  const fleet = { nodes, shapes, target: targetOf(list) };
  const { policy, plain, base } = policyNamed(options.policy, fleet, options.powerWeight);
  const packer = new Packer(nodes, shapes, policy);
  const ids = list.map((shape) => shapes.idOf(shape));
  for (const shape of new Set(ids)) packer.prepare(shape);
  const setupNs = Number(nowNs() - bornNs);

  const columns = new Columns(nodes.gpuLeft.length);
  const meter = unknownModels(nodes).length > 0 ? undefined : new PowerMeter(nodes);
  const least = meter === undefined ? undefined : new LeastPower(nodes, shapes);
  const leastW = new Map<number, number>();
  const decisionNs = new Float64Array(arrivals.length);
  const scans: TimedScan[] = [];
  let failedCount = 0;
  for (const [index, pod] of arrivals.entries()) {
    if (index % pauseEvery === 0) yield index;
    const [request, shape] = [list[pod], ids[pod]];
    if (request === undefined || shape === undefined) throw new RangeError(`there is no request ${pod}`);
    const isScanned = isSampled(index, arrivals.length, options.scanCount ?? 0);
    const startNs = nowNs();
    const expected = isScanned ? scan(nodes, shapes, plain, shape) : undefined;
    const middleNs = nowNs();
    const seat = packer.place(shape);
    const indexedNs = Number(nowNs() - middleNs);
    decisionNs[index] = indexedNs;
    if (isScanned) {
      if (expected !== seat?.node) throw new Error(`decision ${index}: the index and the scan differ`);
      scans.push({ scanNs: Number(middleNs - startNs), indexedNs });
    }
    if (seat === undefined) failedCount++;
    if (seat !== undefined) {
      meter?.update(seat.node);
      least?.add(shape);
    }
    const percent = columns.add(gpuMilliOf(request), seat !== undefined, meter?.totalW);
    if (least !== undefined && options.leastAt?.includes(percent) === true && !leastW.has(percent))
      leastW.set(percent, least.totalW);
    const node = seat === undefined ? undefined : nodes.ids[seat.node];
    options.onDecision?.({ index, node, gpus: seat?.gpus ?? 0 });
  }
  const { usedMilli } = columns;
  const powerW = meter === undefined ? undefined : columns.watts();
  const allocation = columns.means();
  return { base, allocation, powerW, leastW, failedCount, usedMilli, setupNs, decisionNs, scans };
}

/** Whether this one is among `sampleCount` spread evenly over `count`. */
function isSampled(index: number, count: number, sampleCount: number): boolean {
  const before = Math.floor((index * sampleCount) / count);
  return Math.floor(((index + 1) * sampleCount) / count) > before;
}
