import type { Demand, Part } from '../../model/demand.ts';
import { standsIn, standsInAny } from '../../model/standing.ts';
import type { FleetNode } from '../inventory/fleet.ts';
import { both, sizeOf } from '../mask.ts';
import { type Lack, levelLack, nicLack } from './fabric/fitness.ts';
import { choosesNics } from './fabric/nics.ts';
import { misalignment } from './locality.ts';
import { unknownPower } from './power.ts';
import { sliceMisfit } from './slice-fitness.ts';
import { isCounted, spreadOf } from './survival.ts';
import { heldBesideGpus, usableGpus, type Want } from './want.ts';

/** Whether a node could ever serve a replica, whatever the calendar says: yes, no, or not known. */
export type Fitness =
  | { readonly kind: 'fits' }
  | { readonly kind: 'fails'; readonly constraint: Constraint }
  | { readonly kind: 'unknown'; readonly constraint: Constraint; readonly attribute: string };

/** In the order in which they are asked, so that counts of different refusals can be compared. */
export const constraints = [
  'where',
  'health',
  'gpu-model',
  'gpu-memory',
  'whole-gpus',
  'gpu-slice',
  'accelerator-link',
  'rdma',
  'node-size',
  'align',
  'topology',
  'survive',
  'isolation',
  'power-cap',
] as const;
type Constraint = (typeof constraints)[number];

const fits: Fitness = { kind: 'fits' };
const fails = (constraint: Constraint): Fitness => ({ kind: 'fails', constraint });
const unknown = (constraint: Constraint, attribute: string): Fitness => ({
  kind: 'unknown',
  constraint,
  attribute,
});

export function fitnessOf(node: FleetNode, want: Want, demand: Demand): Fitness {
  if (!inPlace(node, demand, want.part)) return fails('where');
  if (!node.schedulable || node.health === 'down') return fails('health');
  const able = want.gpuCount === 0 ? cpuFitness(node, want) : gpuFitness(node, want);
  if (able.kind !== 'fits') return able;
  return (
    lacking('topology', levelLack(node, want, demand)) ??
    spreadFitness(node, want, demand) ??
    aloneFitness(node, demand) ??
    capFitness(node, want, demand) ??
    fits
  );
}

function lacking(constraint: Constraint, lack: Lack | undefined): Fitness | undefined {
  if (lack === undefined) return undefined;
  return lack.unknown === undefined ? fails(constraint) : unknown(constraint, lack.unknown);
}

/** What nobody knows to be in a rack, or on a feed, may be lost with any. */
function spreadFitness(node: FleetNode, { part }: Want, demand: Demand): Fitness | undefined {
  const fate = isCounted(part, demand) ? spreadOf(demand)?.fateOf(node) : undefined;
  return fate?.kind === 'unknown' ? unknown('survive', fate.attribute) : undefined;
}

/** A rack cannot be closed to others while nobody knows which one it is. */
function aloneFitness(node: FleetNode, { isolation }: Demand): Fitness | undefined {
  return isolation === 'rack' && node.rack === undefined ? unknown('isolation', 'rack') : undefined;
}

/** A cap is kept only where it is known what may be drawn. */
function capFitness(node: FleetNode, want: Want, { powerCapW }: Demand): Fitness | undefined {
  const attribute = powerCapW === undefined ? undefined : unknownPower(node, want.gpuCount);
  return attribute === undefined ? undefined : unknown('power-cap', attribute);
}

/** Whether a node stands where the demand and the part may be, and nowhere it must not be. */
function inPlace(node: FleetNode, demand: Demand, part: Pick<Part, 'where'>): boolean {
  const isWanted = ({ where }: Pick<Part, 'where'>) =>
    where === undefined || where.some((place) => standsIn(node, place));
  return isWanted(demand) && isWanted(part) && !(demand.avoid ?? []).some((place) => standsIn(node, place));
}

/** The same for many nodes. */
export function placedBy(
  { where, avoid = [] }: Pick<Demand, 'where' | 'avoid'>,
  part: Pick<Part, 'where'>,
): (node: FleetNode) => boolean {
  const isWanted = where === undefined ? undefined : standsInAny(where);
  const isPartWanted = part.where === undefined ? undefined : standsInAny(part.where);
  const isAvoided = standsInAny(avoid);
  return (node) => isWanted?.(node) !== false && isPartWanted?.(node) !== false && !isAvoided(node);
}

function gpuFitness(node: FleetNode, want: Want): Fitness {
  const { shape } = node;
  const need = want.part.each.gpus;
  const model = shape.models.find((known) => known.model === want.model);
  if (model === undefined) return fails('gpu-model');
  if (need?.slice !== undefined) return sliceFitness(node, want);
  if (need?.memoryMib !== undefined) {
    if (model.memoryMib === undefined) return unknown('gpu-memory', 'gpuMemoryMib');
    if (sizeOf(usableGpus(node, want)) === 0) return fails('gpu-memory');
  }
  if (shape.whole === 'unknown') return unknown('whole-gpus', 'sharing');
  if (shape.whole === 'no') return fails('whole-gpus');
  return linkFitness(node, want) ?? rdmaFitness(node, want) ?? sizeFitness(node, want);
}

function sliceFitness(node: FleetNode, want: Want): Fitness {
  const misfit = sliceMisfit(node, want);
  if (misfit === undefined)
    return linkFitness(node, want) ?? rdmaFitness(node, want) ?? fitnessBeside(node, want);
  const { constraint, attribute } = misfit;
  return attribute === undefined ? fails(constraint) : unknown(constraint, attribute);
}

function linkFitness(node: FleetNode, want: Want): Fitness | undefined {
  const need = want.part.each.gpus;
  const { shape } = node;
  if (need?.link !== undefined || need?.linkMbps !== undefined) {
    if (shape.link === 'unknown') return unknown('accelerator-link', 'link');
    if (shape.link === 'none' || ((need.link ?? 'any') !== 'any' && need.link !== shape.link))
      return fails('accelerator-link');
    if (!shape.islands.some((island) => sizeOf(both(island, usableGpus(node, want))) >= want.gpuCount)) {
      return fails('accelerator-link');
    }
  }
  if (need?.linkMbps === undefined) return undefined;
  if (shape.linkMbps === undefined) return unknown('accelerator-link', 'linkMbps');
  return shape.linkMbps >= need.linkMbps ? undefined : fails('accelerator-link');
}

function rdmaFitness(node: FleetNode, want: Want): Fitness | undefined {
  const need = want.part.each.rdma;
  if (need === undefined) return undefined;
  if (choosesNics(want.part.each)) return lacking('rdma', nicLack(node, want));
  const { shape } = node;
  if (shape.rdma === 'unknown') return unknown('rdma', 'rdma NICs');
  if (shape.rdma === 'no') return fails('rdma');
  if (need.nicMbps === undefined) return undefined;
  const speeds = shape.railOf.map((nic) => (nic === undefined ? undefined : shape.nics[nic]?.mbps));
  if (speeds.some((mbps) => mbps === undefined)) return unknown('rdma', 'NIC speed');
  const { nicMbps } = need;
  return speeds.every((mbps) => mbps !== undefined && mbps >= nicMbps) ? undefined : fails('rdma');
}

function sizeFitness(node: FleetNode, want: Want): Fitness {
  if (sizeOf(usableGpus(node, want)) < want.gpuCount) return fails('node-size');
  return fitnessBeside(node, want);
}

function fitnessBeside(node: FleetNode, want: Want): Fitness {
  const beside = besideFitness(node, want);
  if (beside.kind !== 'fits') return beside;
  const found = misalignment(node, want);
  if (found === undefined) return fits;
  return found.unknown === undefined ? fails('align') : unknown('align', found.unknown);
}

function cpuFitness(node: FleetNode, want: Want): Fitness {
  return rdmaFitness(node, want) ?? besideFitness(node, want);
}

/** CPU, memory and storage that were asked for in numbers must be known and there; a share of the unknown is nothing. */
function besideFitness(node: FleetNode, want: Want): Fitness {
  const { each } = want.part;
  const { shape } = node;
  if ((each.cpuMilli ?? 0) > 0 && shape.cpuMilli === undefined) return unknown('node-size', 'cpuMilli');
  if ((each.memoryMib ?? 0) > 0 && shape.memoryMib === undefined) return unknown('node-size', 'memoryMib');
  if ((each.storageGib ?? 0) > 0 && shape.storageGib === undefined) return unknown('node-size', 'storageGib');
  const held = heldBesideGpus(node, want);
  const enough =
    held.cpuMilli <= (shape.cpuMilli ?? 0) &&
    held.memoryMib <= (shape.memoryMib ?? 0) &&
    held.storageGib <= (shape.storageGib ?? 0);
  return enough ? fits : fails('node-size');
}
