import type { EngineObject } from '../../model/binding.ts';
import { alignmentOf } from '../../model/demand.ts';
import type { Member } from '../../model/placement.ts';
import type { GrantedSubject } from '../port.ts';
import {
  type DeviceRequest,
  gpuClass,
  gpuSelectors,
  migClass,
  migSelectors,
  namesCards,
  nicClass,
  rdmaSelectors,
  requestObject,
  sliceKinds,
} from './device-request.ts';
import { type Frame, inNamespace } from './frame.ts';
import { memoryQuantity } from './object.ts';
import { gpusOf, type HeldPart, nicsOf } from './part.ts';

const pcieRoot = 'resource.kubernetes.io/pcieRoot';
const numaNode = 'resource.kubernetes.io/numaNode';

/** What one pod of a part claims, and what of it a claim cannot say. */
export type Claim = {
  readonly requests: readonly DeviceRequest[];
  readonly constraints: readonly { readonly requests: readonly string[]; readonly matchAttribute: string }[];
  readonly notes: readonly string[];
};

/** A claim of one pod is allocated on one node, so a part's claim holds for each of its pods. */
export function claimOf(subject: GrantedSubject, part: HeldPart): Claim | undefined {
  if (part.gpuCount === 0) return undefined;
  const slices = part.members[0]?.slices ?? [];
  return slices.length > 0 ? sliceClaim(subject, part) : wholeClaim(subject, part);
}

export function claimTemplate(frame: Frame, part: HeldPart, claim: Claim): EngineObject {
  const { requests, constraints } = claim;
  const devices = {
    requests: requests.map(requestObject),
    ...(constraints.length === 0
      ? {}
      : {
          constraints: constraints.map((one) => ({
            requests: [...one.requests],
            matchAttribute: one.matchAttribute,
          })),
        }),
  };
  const rest = { spec: { metadata: { labels: { ...frame.labels } }, spec: { devices } } };
  return inNamespace(frame, 'ResourceClaimTemplate', rest, part.name);
}

/** How many devices of each class one pod claims: what Kueue counts. */
export function classCounts({ requests }: Claim): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { deviceClass, count } of requests)
    counts.set(deviceClass, (counts.get(deviceClass) ?? 0) + count);
  return counts;
}

function wholeClaim(subject: GrantedSubject, part: HeldPart): Claim {
  const selectors = gpuSelectors(subject, part);
  const gpu = { deviceClass: gpuClass[part.vendor ?? 'nvidia'], selectors };
  const nic = { deviceClass: nicClass, selectors: rdmaSelectors };
  const groups = part.nicCount > 0 ? rootGroups(subject, part) : undefined;
  const unnamed = namesCards(selectors)
    ? []
    : [`the claim of part \`${part.name}\` does not name its cards: their numbers are unknown or too many`];
  if (groups !== undefined)
    return {
      requests: groups.flatMap((group, at) => [
        { ...gpu, name: `gpu-${at}`, count: group.gpus },
        { ...nic, name: `nic-${at}`, count: group.nics },
      ]),
      constraints: [
        ...groups.map((_, at) => ({ requests: [`gpu-${at}`, `nic-${at}`], matchAttribute: pcieRoot })),
        ...numaConstraint(subject, part),
      ],
      notes: unnamed,
    };
  const apart =
    part.nicCount > 0
      ? [
          `GPUs and NICs of part \`${part.name}\` are not claimed in pairs: their PCIe roots are unknown or differ between replicas`,
        ]
      : [];
  return {
    requests: [
      { ...gpu, name: 'gpu', count: part.gpuCount },
      ...(part.nicCount > 0 ? [{ ...nic, name: 'nic', count: part.nicCount }] : []),
    ],
    constraints: [...rootConstraint(subject, part), ...numaConstraint(subject, part)],
    notes: [...unnamed, ...apart],
  };
}

function sliceClaim(subject: GrantedSubject, part: HeldPart): Claim {
  const notes: string[] = [];
  const kinds = sliceKinds(part.members[0]?.slices ?? []);
  const requests = kinds.map(({ slice, count }, at): DeviceRequest => {
    const name = `slice-${at}`;
    if (slice.kind === 'mig') {
      const selectors = migSelectors(subject, part, slice.profile);
      return { name, count, deviceClass: migClass, selectors };
    }
    notes.push(
      `shares of part \`${part.name}\` need a driver whose devices allow several allocations (DRAConsumableCapacity)`,
    );
    const capacity = { memory: memoryQuantity(shareMib(subject, part, slice.milli)) };
    return {
      name,
      count,
      deviceClass: gpuClass[part.vendor ?? 'nvidia'],
      selectors: gpuSelectors(subject, part),
      capacity,
    };
  });
  return { requests, constraints: [], notes };
}

/** Thousandths of the memory of the smallest card that the part has a share of. */
function shareMib(subject: GrantedSubject, part: HeldPart, milli: number): number {
  const sizes = part.members.flatMap((member) =>
    gpusOf(subject, member).flatMap((gpu) => gpu.memoryMib ?? []),
  );
  return Math.max(1, Math.floor((Math.min(...sizes) * milli) / 1000));
}

/** Whether every card that a part has a share of has a known size. */
export function knowsShareMemory(subject: GrantedSubject, part: HeldPart): boolean {
  const shares = part.members.some((member) => member.slices?.some(({ kind }) => kind === 'share'));
  return (
    !shares ||
    part.members.every((member) => gpusOf(subject, member).every(({ memoryMib }) => memoryMib !== undefined))
  );
}

type Group = { readonly gpus: number; readonly nics: number };

/**
 * Devices of a replica by PCIe root, where each root has both kinds and all replicas show the same groups: then a
 * claim can ask for each group under one root. Nothing where the roots are unknown or the replicas differ.
 */
function rootGroups(subject: GrantedSubject, part: HeldPart): readonly Group[] | undefined {
  const shapes = part.members.map((member) => groupsOf(subject, member));
  const [first] = shapes;
  if (first === undefined || shapes.some((shape) => JSON.stringify(shape) !== JSON.stringify(first)))
    return undefined;
  const whole = first.every(({ gpus, nics }) => gpus > 0 && nics > 0);
  return whole && first.length > 0 && first.length <= 16 ? first : undefined;
}

/** The largest first, so that equal machines give equal lists whatever their roots are called. */
function groupsOf(subject: GrantedSubject, member: Member): readonly Group[] | undefined {
  const gpus = gpusOf(subject, member).map((gpu) => gpu.pcieRoot);
  const nics = nicsOf(subject, member).map((nic) => nic.pcieRoot);
  if ([...gpus, ...nics].includes(undefined)) return undefined;
  const roots = [...new Set([...gpus, ...nics])];
  const groups = roots.map((root) => ({
    gpus: gpus.filter((other) => other === root).length,
    nics: nics.filter((other) => other === root).length,
  }));
  return groups.toSorted((a, b) => b.gpus - a.gpus || b.nics - a.nics);
}

function rootConstraint(subject: GrantedSubject, part: HeldPart): Claim['constraints'] {
  if (alignmentOf(part.part, subject.demand) !== 'pcie-root') return [];
  return [{ requests: [], matchAttribute: pcieRoot }];
}

function numaConstraint(subject: GrantedSubject, part: HeldPart): Claim['constraints'] {
  if (alignmentOf(part.part, subject.demand) !== 'numa') return [];
  return [{ requests: [], matchAttribute: numaNode }];
}
