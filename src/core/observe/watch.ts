import type { Contract } from '../../model/contract.ts';
import { responseOf } from '../../model/demand.ts';
import type { Path } from '../../model/id.ts';
import { Path as toPath } from '../../model/id.ts';
import type { Watch, WatchedGpu, WatchedNode } from '../../model/measurement.ts';
import { type Member, seatsOf } from '../../model/placement.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { isData } from '../place/fabric/edge-rooms.ts';
import type { State } from '../state.ts';
import { dataHeld } from './flows.ts';
import { windowCount, windowS } from './windows.ts';

/** What is to be looked at so that the terms of a contract can be judged at `atMs`. */
export function watchOf({ fleet }: State, contract: Contract, atMs: number): Watch {
  const { placement } = contract;
  const bySeat = Map.groupBy(seatsOf(placement), ({ node }) => node);
  const flowing = new Set(dataHeld(placement).map(({ edge }) => edge));
  const nodes = [...bySeat].flatMap(([id, seats]) => {
    const node = fleet.nodeById.get(id);
    return node === undefined ? [] : [watchedNode(node, { seats, isFlowing: flowing.has(id) })];
  });
  const response = responseOf(contract.demand);
  return {
    contract: contract.id,
    version: contract.version,
    untilMs: atMs,
    windowS,
    windowCount,
    nodes,
    ...(response === undefined ? {} : { response: response.query }),
  };
}

type Use = { readonly seats: readonly Member[]; readonly isFlowing: boolean };

function watchedNode({ id, hostName, shape }: FleetNode, { seats, isFlowing }: Use): WatchedNode {
  const gpus = [...new Set(seats.flatMap(gpusOf))].toSorted((a, b) => a - b);
  const rdma = rdmaNames(shape.nics, seats);
  const data = isFlowing ? dataNames(shape.nics) : undefined;
  return {
    id,
    hostName,
    gpus: gpus.map((number): WatchedGpu => {
      const uuid = shape.gpus[number]?.uuid;
      return { id: gpuPath(id, number), number, ...(uuid === undefined ? {} : { uuid }) };
    }),
    ...(rdma === undefined ? {} : { rdma }),
    ...(data === undefined ? {} : { data }),
    isWhole: shape.gpus.length > 0 && gpus.length === shape.gpus.length,
  };
}

/** Of all RDMA NICs held, the names by which a node's metrics call them. */
function rdmaNames(
  nics: FleetNode['shape']['nics'],
  seats: readonly Member[],
): readonly string[] | undefined {
  const held = [...new Set(seats.flatMap((seat) => seat.nics))].toSorted((a, b) => a - b);
  const rdma = held.filter((nic) => nics[nic]?.rdma === true);
  const names = rdma.flatMap((nic) => nics[nic]?.name ?? []);
  return rdma.length > 0 && names.length === rdma.length ? names : undefined;
}

/** Flows are held on all data NICs of a node together, so that none of them may be missing. */
function dataNames(nics: FleetNode['shape']['nics']): readonly string[] | undefined {
  const data = nics.filter(isData);
  const names = data.flatMap(({ name }) => name ?? []);
  return data.length > 0 && names.length === data.length ? names : undefined;
}

/** Whole GPUs, and those that it holds slices of. */
export function gpusOf({ gpus, slices = [] }: Member): readonly number[] {
  return [...gpus, ...slices.map(({ gpu }) => gpu)];
}

export function gpuPath(node: Path, number: number): Path {
  return toPath.parse(`${node}/gpu${number}`);
}
