import type { Nodes } from '../core/packing/nodes.ts';
import { leastCpuWatts, PowerMeter, PowerModel } from '../core/packing/power.ts';
import { gpuMilliOf, type ShapeId, type Shapes, wholeGpuMilli } from '../core/packing/shape.ts';
import { fillInOrder } from './fill.ts';

/** Nodes with as many GPUs of one model, taken together; with the most CPUs and memory that one of them has. */
type Kind = {
  readonly model: number;
  readonly gpuCount: number;
  /** What one of its GPUs draws more while it is in use. */
  readonly gpuW: number;
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly roomMilli: number;
};

/**
 * What a fleet draws at least while certain requests run on it, wherever that is: a bound below every policy, those
 * that know the future included. It is the best answer to an easier question, in which GPUs of a kind are one pool,
 * requests may be cut in pieces, and every socket that runs is used to the full. Shares that cannot stand together on
 * one GPU are not let off: of shares, those above 1 − e count as whole GPUs, those below e as nothing, and the e that
 * proves most is taken (a dual feasible function: Martello and Toth, "Lower bounds and reduction procedures for the
 * bin packing problem", Discrete Applied Mathematics 28, 1990).
 */
export class LeastPower {
  readonly #shapes: Shapes;
  readonly #idleW: number;
  readonly #kinds: readonly Kind[];
  readonly #counts = new Map<ShapeId, number>();
  #cpuMilli = 0;

  /** `nodes`: on which nothing runs yet. Throws INVALID_INPUT where the draw of a model is not known. */
  constructor(nodes: Nodes, shapes: Shapes) {
    this.#shapes = shapes;
    this.#idleW = new PowerMeter(nodes).totalW;
    this.#kinds = kindsOf(nodes);
  }

  /** One more request of the shape runs. */
  add(shape: ShapeId): void {
    this.#counts.set(shape, (this.#counts.get(shape) ?? 0) + 1);
    this.#cpuMilli += this.#shapes.cpuMilli[shape] ?? 0;
  }

  /** Whole watts. */
  get totalW(): number {
    const kindsOfShape = new Map([...this.#counts.keys()].map((shape) => [shape, this.#ableKinds(shape)]));
    const gpuW = this.#thresholds().map((threshold) => this.#gpuWatts(threshold, kindsOfShape));
    return this.#idleW + leastCpuWatts(this.#cpuMilli) + Math.max(...gpuW);
  }

  /** 0 for none; those at which another size of share counts as nothing, or as a whole GPU. */
  #thresholds(): number[] {
    const shares = [...this.#counts.keys()].filter((shape) => this.#shapes.isShare(shape));
    const sizes = shares.map((shape) => this.#shapes.gpuMilli[shape] ?? 0);
    return [
      ...new Set([
        0,
        ...sizes.map((milli) => (2 * milli <= wholeGpuMilli ? milli : wholeGpuMilli + 1 - milli)),
      ]),
    ];
  }

  #gpuWatts(threshold: number, kindsOfShape: ReadonlyMap<ShapeId, readonly number[]>): number {
    const demands = new Map<string, { amount: number; places: readonly number[] }>();
    for (const [shape, count] of this.#counts) {
      const places = kindsOfShape.get(shape) ?? [];
      const key = places.join();
      const amount = demands.get(key)?.amount ?? 0;
      demands.set(key, { amount: amount + count * this.#countedMilli(shape, threshold), places });
    }
    const filled = fillInOrder(
      [...demands.values()],
      this.#kinds.map(({ roomMilli }) => roomMilli),
    );
    const milliwatts = filled.reduce((sum, milli, kind) => sum + milli * (this.#kinds[kind]?.gpuW ?? 0), 0);
    return Math.ceil(milliwatts / wholeGpuMilli);
  }

  #countedMilli(shape: ShapeId, threshold: number): number {
    const gpuMilli = this.#shapes.gpuMilli[shape] ?? 0;
    if (gpuMilli < threshold) return 0;
    const counted = gpuMilli > wholeGpuMilli - threshold ? wholeGpuMilli : gpuMilli;
    return gpuMilliOf({ gpuCount: this.#shapes.gpuCount[shape] ?? 0, gpuMilli: counted });
  }

  /** Numbers of the kinds of which an empty node might hold the shape. */
  #ableKinds(shape: ShapeId): number[] {
    const { cpuMilli, memoryMib, gpuCount } = this.#shapes;
    return [...this.#kinds.keys()].filter((number) => {
      const kind = this.#kinds[number];
      return (
        kind !== undefined &&
        this.#shapes.admits(shape, kind.model) &&
        kind.gpuCount >= (gpuCount[shape] ?? 0) &&
        kind.cpuMilli >= (cpuMilli[shape] ?? 0) &&
        kind.memoryMib >= (memoryMib[shape] ?? 0)
      );
    });
  }
}

/** Those that draw least first. */
function kindsOf(nodes: Nodes): Kind[] {
  const power = new PowerModel(nodes);
  const alike = Map.groupBy(nodes.ids.keys(), (node) => `${nodes.modelOf[node]} ${nodes.gpuCount(node)}`);
  return [...alike.values()]
    .map((members): Kind => {
      const [first = 0] = members;
      const model = nodes.modelOf[first] ?? 0;
      const gpuCount = nodes.gpuCount(first);
      const capacities = members.flatMap((node) => nodes.capacities[node] ?? []);
      return {
        model,
        gpuCount,
        gpuW: power.gpuWatts(model),
        cpuMilli: Math.max(...capacities.map(({ cpuMilli }) => cpuMilli)),
        memoryMib: Math.max(...capacities.map(({ memoryMib }) => memoryMib)),
        roomMilli: members.length * gpuCount * wholeGpuMilli,
      };
    })
    .toSorted((a, b) => a.gpuW - b.gpuW || a.model - b.model || a.gpuCount - b.gpuCount);
}
