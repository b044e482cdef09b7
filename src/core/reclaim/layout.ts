import { compareText } from '../../model/text.ts';
import { byNumber } from './holders.ts';
import { type Group, type Kind, type Mover, type Problem, sumAt } from './problem.ts';

/** By kind and by position of the node: how many stand there in the end. */
export type Layout = readonly (readonly number[])[];

/** One member and the position of the node that it is to go to. */
export type Errand = { readonly mover: Mover; readonly from: number; readonly to: number };

/** What a layout costs: the GPUs that move; members without any count as one. */
export function moveCostOf({ kinds }: Problem, layout: Layout): number {
  return kinds.reduce(
    (cost, kind, which) => cost + kind.cost * countOf(kind, (at) => arriving(kind, layout[which], at)),
    0,
  );
}

/** Positions of the nodes on which nothing stands in the end. */
export function emptiedBy({ nodes, kinds }: Problem, layout: Layout): readonly number[] {
  return nodes.flatMap(({ mayBeFreed }, at) =>
    mayBeFreed && kinds.every((_, which) => (layout[which]?.[at] ?? 0) === 0) ? [at] : [],
  );
}

/** Whether a layout moves nobody away from where it may be, holds no more than there is, and empties enough. */
export function isSound(problem: Problem, layout: Layout): boolean {
  const { nodes, kinds, wanted } = problem;
  const counts = kinds.every((kind, which) => {
    const row = layout[which] ?? [];
    const isWhole =
      row.length === nodes.length && row.every((count) => Number.isInteger(count) && count >= 0);
    const total = row.reduce((sum, count) => sum + count, 0);
    return isWhole && total === kind.movers.length && row.every((count, at) => mayHold(kind, at, count));
  });
  return (
    counts &&
    nodes.every((_, at) => fitsOn(problem, layout, at)) &&
    problem.groups.every((group) => inGroup(layout, group) <= group.most) &&
    emptiedBy(problem, layout).length >= wanted
  );
}

/** Who goes where: of each kind those with the lowest numbers leave first, to the first places in order. */
export function errandsOf({ nodes, kinds }: Problem, layout: Layout): readonly Errand[] {
  const position = new Map(nodes.map(({ node }, at) => [node.id, at]));
  return kinds.flatMap((kind, which) => {
    const places = nodes.flatMap((_, at) =>
      Array.from({ length: arriving(kind, layout[which], at) }, () => at),
    );
    const leaving = nodes.flatMap(({ node }, at) =>
      kind.movers
        .filter(({ member }) => member.node === node.id)
        .toSorted(byMember)
        .slice(0, Math.max(0, (kind.standing[at] ?? 0) - (layout[which]?.[at] ?? 0))),
    );
    return leaving.map((mover, at): Errand => ({
      mover,
      from: position.get(mover.member.node) ?? 0,
      to: places[at] ?? 0,
    }));
  });
}

/** Seats of a group that stand in its place. */
export function inGroup(layout: Layout, { kinds, nodes }: Group): number {
  return kinds.reduce((sum, which) => sum + sumAt(layout[which], nodes), 0);
}

function mayHold(kind: Kind, at: number, count: number): boolean {
  const stood = kind.standing[at] ?? 0;
  return count <= stood || (kind.targets.has(at) && count <= kind.mostOnNode);
}

function fitsOn({ nodes, kinds }: Problem, layout: Layout, at: number): boolean {
  const room = nodes[at]?.room ?? [];
  return room.every((left, period) => {
    const held = (amount: (kind: Kind) => number) =>
      kinds.reduce(
        (sum, kind, which) =>
          sum + (kind.periods.has(period) ? amount(kind) * (layout[which]?.[at] ?? 0) : 0),
        0,
      );
    return (
      held(({ gpus }) => gpus) <= left.gpus &&
      held(({ cpuMilli }) => cpuMilli) <= left.cpuMilli &&
      held(({ memoryMib }) => memoryMib) <= left.memoryMib
    );
  });
}

function arriving(kind: Kind, row: readonly number[] | undefined, at: number): number {
  return Math.max(0, (row?.[at] ?? 0) - (kind.standing[at] ?? 0));
}

function countOf({ standing }: Kind, count: (at: number) => number): number {
  return standing.reduce((sum, _, at) => sum + count(at), 0);
}

function byMember(a: Mover, b: Mover): number {
  return (
    byNumber(a.rest.contract, b.rest.contract) ||
    compareText(a.member.part, b.member.part) ||
    a.member.replica - b.member.replica
  );
}
