import type { Part } from '../../model/demand.ts';
import type { GpuFacts, NicFacts } from '../../model/fact.ts';
import type { Member } from '../../model/placement.ts';
import { compareText } from '../../model/text.ts';
import type { EngineNode, GrantedSubject } from '../port.ts';
import { dnsLabel } from './names.ts';

/** Whose GPUs they are: it decides device classes, attributes and resource names. */
export type Vendor = 'nvidia' | 'amd';

/** One part of a contract as Kubernetes meets it: equal pods on some nodes. */
export type HeldPart = {
  readonly part: Part;
  /** A DNS label: the pod set, the flavor and the claim template are named after it. */
  readonly name: string;
  readonly members: readonly Member[];
  readonly spares: readonly Member[];
  /** Each once, by host name. */
  readonly nodes: readonly EngineNode[];
  readonly spareNodes: readonly EngineNode[];
  /** What every pod can ask for: the least that a replica holds. */
  readonly cpuMilli: number;
  readonly memoryMib: number;
  readonly storageGib: number;
  /** What one pod holds. */
  readonly gpuCount: number;
  readonly nicCount: number;
  readonly vendor: Vendor | undefined;
};

export type PartsRead =
  | { readonly kind: 'parts'; readonly parts: readonly HeldPart[] }
  | { readonly kind: 'unfit'; readonly why: string; readonly fix: string };

/** The parts that have seats here, in the order of the demand. */
export function partsOf(subject: GrantedSubject): PartsRead {
  const parts: HeldPart[] = [];
  for (const part of subject.demand.parts) {
    const members = seatsIn(subject.placement.members, part.name);
    if (members.length === 0) continue;
    const held = heldPart(subject, part, members);
    if ('why' in held) return { kind: 'unfit', ...held };
    parts.push(held);
  }
  return { kind: 'parts', parts };
}

function heldPart(
  subject: GrantedSubject,
  part: Part,
  members: readonly Member[],
): HeldPart | { why: string; fix: string } {
  const spares = seatsIn(subject.placement.spares ?? [], part.name);
  const first = members[0];
  const gpuCount = (first?.gpus.length ?? 0) + (first?.slices?.length ?? 0);
  const models = new Set(members.flatMap((member) => gpusOf(subject, member).map(({ model }) => model)));
  const vendors = new Set([...models].map(vendorOf));
  const [vendor] = vendors;
  if (gpuCount > 0 && (vendor === undefined || vendors.size !== 1))
    return {
      why: `the makers of the GPUs of part \`${part.name}\` are unknown or several`,
      fix: 'import the GPU models of its nodes; Kubernetes knows NVIDIA and AMD GPUs here',
    };
  return {
    part,
    name: dnsLabel(part.name, 41),
    members,
    spares,
    nodes: nodesOf(subject, members),
    spareNodes: nodesOf(subject, spares),
    cpuMilli: Math.min(...members.map(({ cpuMilli }) => cpuMilli)),
    memoryMib: Math.min(...members.map(({ memoryMib }) => memoryMib)),
    storageGib: Math.min(...members.map(({ storageGib }) => storageGib ?? 0)),
    gpuCount,
    nicCount: Math.min(...members.map(({ nics }) => nics.length)),
    vendor,
  };
}

/** What is known of the GPUs of a seat, whole ones and then those it has slices of. */
export function gpusOf(subject: GrantedSubject, member: Member): readonly GpuFacts[] {
  const node = subject.nodes.get(member.node);
  const numbers = [...member.gpus, ...(member.slices ?? []).map(({ gpu }) => gpu)];
  return numbers.map((number) => node?.gpus[number] ?? {});
}

export function nicsOf(subject: GrantedSubject, member: Member): readonly NicFacts[] {
  const node = subject.nodes.get(member.node);
  return member.nics.map((number) => node?.nics[number] ?? {});
}

/** Nothing where the model is unknown or of a maker whose objects are not written here. */
function vendorOf(model: string | undefined): Vendor | undefined {
  if (model === undefined || /^gaudi|^hl-/iu.test(model)) return undefined;
  return /^MI[0-9]/u.test(model) ? 'amd' : 'nvidia';
}

function seatsIn(seats: readonly Member[], part: string): readonly Member[] {
  return seats.filter((seat) => seat.part === part).toSorted((a, b) => a.replica - b.replica);
}

function nodesOf({ nodes }: GrantedSubject, seats: readonly Member[]): readonly EngineNode[] {
  const held = [...new Set(seats.map(({ node }) => node))].flatMap((id) => nodes.get(id) ?? []);
  return held.toSorted((a, b) => compareText(a.hostName, b.hostName));
}
