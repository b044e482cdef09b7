import { type Member, type Placement, seatsOf } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import type { Compiled, EngineNode, EngineOptions, GrantedSubject } from '../port.ts';

/** How much of which nodes a reservation holds: whole ones, cores of each, or GPUs in all. */
export type Extent = {
  readonly kind: 'extent';
  readonly nodes: readonly string[];
  readonly coresPerNode?: number;
  readonly gpus?: number;
  readonly notes: readonly string[];
};

type Unfit = Extract<Compiled, { kind: 'unfit' }>;

/**
 * Slurm before 23.11 cannot reserve GPUs: whole nodes where the contract has all GPUs of each, or has them to itself;
 * the cores of its replicas otherwise, and said so.
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
  const asked = options['gpus'] ?? (shared.length === 0 || isAlone ? 'nodes' : 'cores');
  switch (asked) {
    case 'cores':
      return byCores(held, nodes, Number(options['threads'] ?? '1'));
    case 'tres':
      return byTres(held, nodes);
    default:
      return { kind: 'extent', nodes, notes: wholeNotes(shared) };
  }
}

type Held = { readonly node: EngineNode; readonly seats: readonly Member[] };

/** Whether the contract has every GPU of the node, none of them in parts. */
function isWhole({ node, seats }: Held): boolean {
  const gpus = new Set(seats.flatMap((seat) => seat.gpus));
  return node.gpus.length > 0 && gpus.size === node.gpus.length;
}

function wholeNotes(shared: readonly Held[]): readonly string[] {
  if (shared.length === 0) return [];
  const names = shared.slice(0, 4).map(({ node }) => node.hostName);
  const more = shared.length > names.length ? ` and ${shared.length - names.length} more` : '';
  return [
    `it holds all of ${names.join(', ')}${more} in Slurm, although the contract has only parts of them`,
  ];
}

function byCores(held: readonly Held[], nodes: readonly string[], threads: number): Extent | Unfit {
  const counts = held.map(({ seats }) => {
    const cpuMilli = seats.reduce((sum, seat) => sum + seat.cpuMilli, 0);
    return Math.ceil(cpuMilli / (1000 * threads));
  });
  const coresPerNode = Math.max(...counts);
  if (Math.min(...counts) < 1) return noCores;
  const most = counts.every((count) => count === coresPerNode) ? '' : ', as many as on the fullest of them';
  return {
    kind: 'extent',
    nodes,
    coresPerNode,
    notes: [
      `${coresPerNode} cores on each node are reserved${most}, not its GPUs: Slurm before 23.11 cannot; jobs ask for them with --gpus-per-node, and jobs outside can take them first`,
      ...(threads === 1
        ? ['a core is counted for every CPU; say `threads=2` where Slurm counts threads']
        : []),
    ],
  };
}

function byTres(held: readonly Held[], nodes: readonly string[]): Extent | Unfit {
  const counts = held.map(({ seats }) => new Set(seats.flatMap((seat) => seat.gpus)).size);
  const gpus = counts.reduce((sum, count) => sum + count, 0);
  if (gpus === 0) return noCores;
  return {
    kind: 'extent',
    nodes,
    gpus,
    notes: [
      'Slurm chooses which GPUs of a node it reserves: their number is the same, which ones may differ',
    ],
  };
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
