import type { Nodes } from './nodes.ts';
import type { Policy } from './policy.ts';
import { noFit, Ranking } from './ranking.ts';
import type { ShapeId, Shapes } from './shape.ts';

/** One ranking a model, of a shape in one stage of the policy. */
type Kept = { readonly rankings: readonly Ranking[]; changesSeen: number };

/** Bytes that rankings may take together. */
const bytesMax = 128 * 1024 * 1024;

/**
 * The index: one ranking for each shape and stage, brought up to date from the log of changed nodes when the shape is asked
 * for. Gives exactly the answer of `scan`. The ranking that was not asked for longest is dropped when there are too
 * many, and made again when it is needed.
 */
export class Rankings {
  readonly #nodes: Nodes;
  readonly #shapes: Shapes;
  readonly #policy: Policy;
  /** By shape and stage. The one asked for last comes last. */
  readonly #kept = new Map<number, Kept>();
  readonly #keptMax: number;
  /** For each node the number of the catching up that last scored it. */
  readonly #scoredIn: Int32Array;
  #catchUps = 0;

  constructor(nodes: Nodes, shapes: Shapes, policy: Policy, keptMax = keptFor(nodes)) {
    this.#nodes = nodes;
    this.#shapes = shapes;
    this.#policy = policy;
    this.#keptMax = Math.max(1, keptMax);
    this.#scoredIn = new Int32Array(nodes.count);
  }

  /** The node with the best score, the smallest number on ties; nothing where the shape fits nowhere. */
  best(shape: ShapeId): number | undefined {
    const { rankings } = this.#current(shape);
    let best: number | undefined;
    let bestScore = -Infinity;
    for (const [model, ranking] of rankings.entries()) {
      if (ranking.score === noFit) continue;
      const score = ranking.score + (this.#policy.bonus?.(model, shape) ?? 0);
      if (score < bestScore) continue;
      const node = this.#nodes.byModel[model]?.[ranking.winner];
      if (node === undefined || (score === bestScore && best !== undefined && node > best)) continue;
      best = node;
      bestScore = score;
    }
    return best;
  }

  #current(shape: ShapeId): Kept {
    const key = 2 * shape + (this.#policy.stage?.() ?? 0);
    const known = this.#kept.get(key);
    if (known === undefined) return this.#build(shape, key);
    this.#kept.delete(key);
    this.#kept.set(key, known);
    this.#catchUp(known, shape);
    return known;
  }

  #build(shape: ShapeId, key: number): Kept {
    const rankings = this.#nodes.byModel.map(
      (members) => new Ranking(members.map((node) => this.#score(node, shape))),
    );
    const made = { rankings, changesSeen: this.#nodes.changeCount };
    this.#kept.set(key, made);
    const [longestUnused] = this.#kept.keys();
    if (this.#kept.size > this.#keptMax && longestUnused !== undefined) this.#kept.delete(longestUnused);
    return made;
  }

  #catchUp(kept: Kept, shape: ShapeId): void {
    const round = this.#nextRound();
    for (; kept.changesSeen < this.#nodes.changeCount; kept.changesSeen++) {
      const node = this.#nodes.changedAt(kept.changesSeen);
      if (node === undefined) return this.#scoreAll(kept, shape);
      if (this.#scoredIn[node] === round) continue;
      this.#scoredIn[node] = round;
      this.#rescore(kept, node, shape);
    }
  }

  /** The log does not reach back far enough. */
  #scoreAll(kept: Kept, shape: ShapeId): void {
    for (let node = 0; node < this.#nodes.count; node++) this.#rescore(kept, node, shape);
    kept.changesSeen = this.#nodes.changeCount;
  }

  #rescore({ rankings }: Kept, node: number, shape: ShapeId): void {
    const place = this.#nodes.placeInModel[node] ?? 0;
    rankings[this.#nodes.modelOf[node] ?? 0]?.set(place, this.#score(node, shape));
  }

  #nextRound(): number {
    if (this.#catchUps === 2 ** 31 - 1) {
      this.#scoredIn.fill(0);
      this.#catchUps = 0;
    }
    return ++this.#catchUps;
  }

  #score(node: number, shape: ShapeId): number {
    return this.#nodes.fits(node, this.#shapes, shape) ? this.#policy.score(node, shape) : noFit;
  }
}

function keptFor(nodes: Nodes): number {
  return Math.floor(bytesMax / (16 * Math.max(1, nodes.count)));
}
