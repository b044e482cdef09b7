import type { Layout } from '../core/reclaim/layout.ts';
import type { Kind, Problem } from '../core/reclaim/problem.ts';

/**
 * The fewest GPU-moves that empty the wanted number of nodes, as a mixed-integer program.
 *
 * For each kind k and node n: `k` of it that stay and `i` that arrive, whole numbers; for each node that may be
 * emptied a binary `y`. Everybody stands somewhere; no node holds more than it has in any period; what is emptied
 * keeps and takes nobody; at least so many are emptied; of those that fall together no more than may be missed. Minimised is the cost of those that arrive. `atMost` is what
 * a known answer costs: the optimum costs no more. The text is in the LP format of CPLEX, which HiGHS reads.
 */
export function programOf(problem: Problem, atMost?: number): string {
  const cells = cellsOf(problem);
  const cost = sumOf(
    cells.filter(({ what }) => what === 'i').map((cell) => [problem.kinds[cell.kind]?.cost ?? 0, cell.name]),
  );
  const freeable = problem.nodes.flatMap(({ mayBeFreed }, at) => (mayBeFreed ? [`y${at}`] : []));
  const rows = [
    ...problem.kinds.map(
      (kind, which) => `${sumOf(ofKind(cells, which).map(({ name }) => [1, name]))} = ${kind.movers.length}`,
    ),
    ...problem.nodes.flatMap((_, at) => capacityRows(problem, cells, at)),
    ...cells.flatMap((cell) => emptyRow(problem, cell)),
    ...problem.groups.flatMap((group) => groupRow(cells, group)),
    ...(freeable.length === 0 ? [] : [`${sumOf(freeable.map((name) => [1, name]))} >= ${problem.wanted}`]),
    ...(atMost === undefined || cost === '0' ? [] : [`${cost} <= ${atMost}`]),
  ];
  return [
    'Minimize',
    ` obj: ${cost}`,
    'Subject To',
    ...rows.map((row, at) => ` r${at}: ${row}`),
    'Bounds',
    ...cells.map(({ name, most }) => ` 0 <= ${name} <= ${most}`),
    'Generals',
    ...cells.map(({ name }) => ` ${name}`),
    ...(freeable.length === 0 ? [] : ['Binaries', ...freeable.map((name) => ` ${name}`)]),
    'End',
    '',
  ].join('\n');
}

/** The layout that values of the columns mean, rounded to whole numbers: solvers answer 2.9999999 for 3. */
export function layoutOf({ nodes, kinds }: Problem, valueOf: (column: string) => number): Layout {
  return kinds.map((_kind, which) =>
    nodes.map((_node, at) => Math.round(valueOf(`k${which}_${at}`)) + Math.round(valueOf(`i${which}_${at}`))),
  );
}

type Cell = {
  readonly name: string;
  readonly what: 'k' | 'i';
  readonly kind: number;
  readonly at: number;
  readonly most: number;
};

function cellsOf({ nodes, kinds }: Problem): readonly Cell[] {
  return kinds.flatMap((kind, which) =>
    nodes.flatMap((_, at): Cell[] => {
      const stood = kind.standing[at] ?? 0;
      const arrive = kind.targets.has(at) ? arrivalsAt(kind, nodes[at]?.room ?? [], stood) : 0;
      return [
        ...(stood > 0 ? [{ name: `k${which}_${at}`, what: 'k' as const, kind: which, at, most: stood }] : []),
        ...(arrive > 0
          ? [{ name: `i${which}_${at}`, what: 'i' as const, kind: which, at, most: arrive }]
          : []),
      ];
    }),
  );
}

/** No more of a kind than there are, and than fit when nothing else moves in. */
function arrivalsAt(
  { movers, mostOnNode, gpus, periods }: Kind,
  room: Problem['nodes'][number]['room'],
  stood: number,
): number {
  const fit = room.flatMap((left, period) =>
    gpus > 0 && periods.has(period) ? [Math.floor(left.gpus / gpus)] : [],
  );
  return Math.max(0, Math.min(movers.length, mostOnNode, ...fit) - stood);
}

function ofKind(cells: readonly Cell[], which: number): readonly Cell[] {
  return cells.filter(({ kind }) => kind === which);
}

/** What stands and arrives in each period is at most what there is; nothing once the node is emptied. */
function capacityRows({ nodes, kinds }: Problem, cells: readonly Cell[], at: number): readonly string[] {
  const here = cells.filter((cell) => cell.at === at);
  const node = nodes[at];
  if (here.length === 0 || node === undefined) return [];
  return node.room.flatMap((room, period) => {
    const active = here.filter(({ kind }) => kinds[kind]?.periods.has(period) === true);
    const scarce = (['cpuMilli', 'memoryMib'] as const).filter((amount) =>
      active.some(({ kind }) => isBeyondShare(kinds[kind], room, amount)),
    );
    return (['gpus', ...scarce] as const).flatMap((amount) => {
      const terms = active.flatMap(({ kind, name }): [number, string][] => {
        const each = kinds[kind]?.[amount] ?? 0;
        return each === 0 ? [] : [[each, name]];
      });
      if (terms.length === 0) return [];
      const emptied: [number, string][] = node.mayBeFreed ? [[room[amount], `y${at}`]] : [];
      return [`${sumOf([...terms, ...emptied])} <= ${room[amount]}`];
    });
  });
}

/** Where nobody takes more cores or memory than its GPUs' share, the count of GPUs says it all. */
function isBeyondShare(
  kind: Kind | undefined,
  room: Problem['nodes'][number]['room'][number],
  amount: 'cpuMilli' | 'memoryMib',
): boolean {
  return kind !== undefined && kind[amount] * room.gpus > kind.gpus * room[amount];
}

/** Tight for each cell: an emptied node keeps none of a kind, and none arrive. */
function emptyRow({ nodes }: Problem, { name, at, most }: Cell): readonly string[] {
  return nodes[at]?.mayBeFreed === true
    ? [
        `${sumOf([
          [1, name],
          [most, `y${at}`],
        ])} <= ${most}`,
      ]
    : [];
}

/** Of those that fall together, no more than may be missed. */
function groupRow(
  cells: readonly Cell[],
  { kinds, nodes, most }: Problem['groups'][number],
): readonly string[] {
  const inside = cells.filter(({ kind, at }) => kinds.includes(kind) && nodes.includes(at));
  return inside.length === 0 ? [] : [`${sumOf(inside.map(({ name }) => [1, name]))} <= ${most}`];
}

function sumOf(terms: readonly (readonly [number, string])[]): string {
  return terms.length === 0 ? '0' : terms.map(([factor, name]) => `${factor} ${name}`).join(' + ');
}
