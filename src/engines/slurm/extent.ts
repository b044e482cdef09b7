import { type Member, type Placement, seatsOf } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import type { Compiled, EngineNode, EngineOptions, GrantedSubject } from '../port.ts';

/** How much of which nodes a reservation holds: whole ones, cores of each, or GPUs and cores of each. */
export type Extent = {
  readonly kind: 'extent';
  readonly nodes: readonly string[];
  readonly coresPerNode?: number;
  readonly gpusPerNode?: number;
  readonly notes: readonly string[];
};

type Unfit = Extract<Compiled, { kind: 'unfit' }>;

/**
 * Whole nodes where the contract has all GPUs of each, or has them to itself. Parts of them as GPUs and cores, where Slurm
 * can reserve GPUs; as the cores of its replicas otherwise, and said so.
 */
export function extentOf(
  subject: GrantedSubject,
  placement: Placement,
  options: EngineOptions,
): Extent | Unfit {
  const seats = Map.groupBy(seatsOf(placement), ({ node }) => node);
  const held = [...seats].flatMap(([id, own]) => {
    const node = subject.nodes.get(id);
    return node === undefined ? [] : [{ node, seats: own }];
  });
  if (held.length < seats.size) return nodeUnknown(seats.size - held.length);
  const nodes = held.map(({ node }) => node.hostName).toSorted(compareText);
  const shared = held.filter((one) => !isWhole(one));
  const isAlone = subject.demand.isolation !== undefined && subject.demand.isolation !== 'shared';
  const isWholly = shared.length === 0 || isAlone;
  switch (options['gpus'] ?? (isWholly ? 'nodes' : 'cores')) {
    case 'cores':
      return byCores(held, nodes, options);
    case 'tres':
      // Whole nodes hold all of their GPUs in every version.
      return isWholly ? wholly(nodes, shared) : byTres(held, nodes, options);
    default:
      return wholly(nodes, shared);
  }
}

type Held = { readonly node: EngineNode; readonly seats: readonly Member[] };

/** Whether the contract has every GPU of the node, none of them in parts. */
function isWhole({ node, seats }: Held): boolean {
  const gpus = new Set(seats.flatMap((seat) => seat.gpus));
  return node.gpus.length > 0 && gpus.size === node.gpus.length;
}

function wholly(nodes: readonly string[], shared: readonly Held[]): Extent {
  return { kind: 'extent', nodes, notes: wholeNotes(shared) };
}

function wholeNotes(shared: readonly Held[]): readonly string[] {
  if (shared.length === 0) return [];
  const names = shared.slice(0, 4).map(({ node }) => node.hostName);
  const more = shared.length > names.length ? ` and ${shared.length - names.length} more` : '';
  return [
    `it holds all of ${names.join(', ')}${more} in Slurm, although the contract has only parts of them`,
  ];
}

function byCores(held: readonly Held[], nodes: readonly string[], options: EngineOptions): Extent | Unfit {
  const coresPerNode = coresOn(held, options);
  if (coresPerNode === undefined) return noCores;
  const cannot =
    options['per-node'] === 'yes' ? 'this Slurm does not account for gres/gpu' : 'Slurm before 23.11 cannot';
  return {
    kind: 'extent',
    nodes,
    coresPerNode,
    notes: [
      `${coresPerNode} cores on each node are reserved${unlessAlike(held, options)}, not its GPUs: ${cannot}; jobs ask for them with --gpus-per-node, and jobs outside can take them first`,
      ...threadNotes(options),
    ],
  };
}

/** As many cores on each node as its fullest one needs; nothing where a node says none. */
function coresOn(held: readonly Held[], options: EngineOptions): number | undefined {
  const counts = coreCounts(held, options);
  return Math.min(...counts) < 1 ? undefined : Math.max(...counts);
}

function coreCounts(held: readonly Held[], options: EngineOptions): readonly number[] {
  const threads = Number(options['threads'] ?? '1');
  return held.map(({ seats }) => {
    const cpuMilli = seats.reduce((sum, seat) => sum + seat.cpuMilli, 0);
    return Math.ceil(cpuMilli / (1000 * threads));
  });
}

function unlessAlike(held: readonly Held[], options: EngineOptions): string {
  return new Set(coreCounts(held, options)).size === 1 ? '' : ', as many as on the fullest of them';
}

function threadNotes(options: EngineOptions): readonly string[] {
  return options['threads'] === undefined || options['threads'] === '1'
    ? ['a core is counted for every CPU; say `threads=2` where Slurm counts threads']
    : [];
}

/** GPUs with the cores beside them, the same on each node. */
function byTres(held: readonly Held[], nodes: readonly string[], options: EngineOptions): Extent | Unfit {
  const counts = held.map(({ seats }) => gpusIn(seats));
  const coresPerNode = coresOn(held, options);
  if (coresPerNode === undefined) return noCores;
  if (Math.min(...counts) < 1) return byCores(held, nodes, options);
  const gpusPerNode = Math.max(...counts);
  const isAlike = new Set(counts).size === 1 && unlessAlike(held, options) === '';
  return {
    kind: 'extent',
    nodes,
    coresPerNode,
    gpusPerNode,
    notes: [
      `${gpusPerNode} GPUs and ${coresPerNode} cores on each node are reserved${isAlike ? '' : ', as many as on the fullest of them'}; Slurm chooses which, their number is the same`,
      ...threadNotes(options),
    ],
  };
}

function gpusIn(seats: readonly Member[]): number {
  return new Set(seats.flatMap((seat) => [...seat.gpus, ...(seat.slices ?? []).map(({ gpu }) => gpu)])).size;
}

const noCores: Unfit = {
  kind: 'unfit',
  why: 'the contract has parts of nodes and says no cores, by which Slurm could tell them apart',
  fix: 'say `--option gpus=nodes` to hold the whole nodes, or change the contract to ask for CPUs',
};

function nodeUnknown(count: number): Unfit {
  return {
    kind: 'unfit',
    why: `${count} ${count === 1 ? 'node' : 'nodes'} of the contract are not in the inventory any more`,
    fix: 'import them again, or change the contract to stand elsewhere',
  };
}
