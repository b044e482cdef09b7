import { subjectKey } from '../../core/inventory/claims.ts';
import type { FleetNode } from '../../core/inventory/fleet.ts';
import { newestOf, resolveAttributes } from '../../core/inventory/resolve.ts';
import { indexesOf } from '../../core/mask.ts';
import { GpuFacts, NicFacts } from '../../model/fact.ts';
import { Path } from '../../model/id.ts';
import type { Branch, NodePicture, PicturedGpu, PicturedNic, Seat } from '../../model/picture-view.ts';
import { partlyUsed, slicesOn } from '../views/slice-view.ts';
import { nearnessOf } from './nearness.ts';
import { holdersOf, holdsOn, namesOf, placedNode, type Sight } from './placed-node.ts';

/** A node to its devices: where each hangs, what joins it to which, and who holds it. */
export function nodePicture(sight: Sight, node: FleetNode): NodePicture {
  const placed = placedNode(sight, node);
  const { shape } = node;
  return {
    kind: 'node',
    id: node.id,
    gpus: placed.gpus,
    holders: holdersOf(sight, [node]),
    unknown: unknownOf(node),
    node: placed,
    link: shape.link,
    ...(shape.linkMbps === undefined ? {} : { linkMbps: shape.linkMbps }),
    islands: shape.islands.map(indexesOf).filter((gpus) => gpus.length > 1),
    ...(node.island === undefined ? {} : { island: node.island }),
    ...(node.leaf === undefined ? {} : { leaf: node.leaf }),
    ...(shape.numaNodes === undefined ? {} : { numaNodes: shape.numaNodes }),
    branches: branchesOf(node),
    gpuList: gpuList(sight, node, placed.seats),
    nicList: shape.nics.map((_, index) => picturedNic(sight, node, index)),
    nearness: nearnessOf(shape),
  };
}

function gpuList(sight: Sight, node: FleetNode, seats: readonly Seat[]): PicturedGpu[] {
  const { state, span, caller } = sight;
  const partly = new Map(partlyUsed(state, node, span).map((left) => [left.gpu, left]));
  return node.shape.gpus.map((gpu, index): PicturedGpu => {
    const left = partly.get(Path.parse(`${node.id}/gpu${index}`));
    const railNic = node.shape.railOf[index];
    const { measuredW } = ownFacts(sight, node, `gpu${index}`, 'gpu') ?? {};
    return {
      ...(seats[index] ?? { index, use: 'unpromised', heldBy: [] }),
      ...(gpu.model === undefined ? {} : { model: gpu.model }),
      ...(gpu.memoryMib === undefined ? {} : { memoryMib: gpu.memoryMib }),
      ...(gpu.island === undefined ? {} : { island: gpu.island }),
      ...(railNic === undefined ? {} : { railNic }),
      ...(gpu.powerW === undefined ? {} : { powerW: gpu.powerW }),
      ...(measuredW === undefined ? {} : { measuredW }),
      slices: slicesOn(state, node, index, { atMs: span.fromMs, caller }),
      freeProfiles: left?.freeProfiles ?? [],
      ...(left === undefined ? {} : { freeMilli: left.freeMilli }),
    };
  });
}

function picturedNic(sight: Sight, node: FleetNode, index: number): PicturedNic {
  const nic = node.shape.nics[index] ?? {};
  const { name } = ownFacts(sight, node, `nic${index}`, 'nic') ?? {};
  const leaf = nic.leaf ?? node.leaf;
  const holds = holdsOn(sight, node).filter(({ nics }) => nics.includes(index));
  return {
    index,
    ...(name === undefined ? {} : { name }),
    ...(nic.kind === undefined ? {} : { kind: nic.kind }),
    ...(nic.mbps === undefined ? {} : { mbps: nic.mbps }),
    ...(nic.rdma === undefined ? {} : { rdma: nic.rdma }),
    ...(nic.rail === undefined ? {} : { rail: nic.rail }),
    ...(leaf === undefined || nic.rdma !== true ? {} : { leaf }),
    isDown: node.downNics.has(index),
    heldBy: namesOf(sight.caller, holds),
  };
}

/** What is recorded of one card alone, which nodes of a shape do not share. */
function ownFacts(
  { state }: Sight,
  node: FleetNode,
  device: string,
  kind: 'gpu' | 'nic',
): { readonly measuredW?: number | undefined; readonly name?: string | undefined } | undefined {
  const claims = state.claims.get(subjectKey(kind, Path.parse(`${node.id}/${device}`)));
  if (claims === undefined) return undefined;
  const said = Object.fromEntries(
    resolveAttributes(claims, newestOf(state.claims)).map(({ name, value }) => [name, value]),
  );
  return kind === 'gpu' ? GpuFacts.safeParse(said).data : NicFacts.safeParse(said).data;
}

/** Devices by where they hang, what is known first; all of which nothing is known together at the end. */
function branchesOf({ shape }: FleetNode): Branch[] {
  const found = new Map<string, Branch>();
  const branchOf = ({ numaNode, pcieRoot, pcieSwitch }: GpuFacts | NicFacts): Branch => {
    const key = [numaNode, pcieRoot, pcieSwitch].map((number) => number ?? '').join(' ');
    const branch = found.get(key) ?? {
      ...(numaNode === undefined ? {} : { numaNode }),
      ...(pcieRoot === undefined ? {} : { pcieRoot }),
      ...(pcieSwitch === undefined ? {} : { pcieSwitch }),
      gpus: [],
      nics: [],
    };
    found.set(key, branch);
    return branch;
  };
  for (const [index, gpu] of shape.gpus.entries()) branchOf(gpu).gpus.push(index);
  for (const [index, nic] of shape.nics.entries()) branchOf(nic).nics.push(index);
  return [...found.values()].toSorted(
    (a, b) =>
      order(a.numaNode) - order(b.numaNode) ||
      order(a.pcieRoot) - order(b.pcieRoot) ||
      order(a.pcieSwitch) - order(b.pcieSwitch),
  );
}

function order(number: number | undefined): number {
  return number ?? Number.MAX_SAFE_INTEGER;
}

function unknownOf({ shape, facts }: FleetNode): string[] {
  const { gpus, nics } = shape;
  const devices = [...gpus, ...nics];
  const rails = nics.filter(({ rdma, rail }) => rdma === true && rail === undefined).length;
  return [
    ...(gpus.length === 0 && facts.gpuCount === undefined ? ['whether it has GPUs'] : []),
    ...(gpus.some(({ model }) => model === undefined) ? ['the model of some GPUs'] : []),
    ...(gpus.length > 1 && shape.link === 'unknown' ? ['whether a link joins its GPUs'] : []),
    ...(nics.length === 0 ? ['its NICs'] : []),
    ...lackingOf(
      'the NUMA node',
      devices.filter(({ numaNode }) => numaNode === undefined).length,
      devices.length,
    ),
    ...lackingOf(
      'the PCIe root and switch',
      devices.filter((each) => each.pcieRoot === undefined && each.pcieSwitch === undefined).length,
      devices.length,
    ),
    ...(rails === 0 ? [] : [`the rail of ${rails} RDMA NIC${rails === 1 ? '' : 's'}`]),
  ];
}

/** `the rail of 3 of 8 devices`; nothing when it is known of all of them. */
function lackingOf(what: string, without: number, all: number): string[] {
  if (without === 0) return [];
  return [`${what} of ${without === all ? '' : `${without} of `}${all} devices`];
}
