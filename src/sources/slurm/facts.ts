import type { NodeFacts } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText } from '../../model/text.ts';
import type { Collected } from '../collected.ts';
import { type Gap, plausibleCount } from '../gpu-reading.ts';
import { devicePath } from '../machine.ts';
import { addGresDevices, addModel, type NodeGres } from './devices.ts';
import { isMigType, modelOfType, readGres } from './gres.ts';
import type { SlurmNode } from './node.ts';
import { stateReading } from './state.ts';

/** What is known around a node when its facts are made. */
export type Around = {
  /** Partitions that start no jobs. */
  readonly closedPartitions: ReadonlySet<string>;
  /** How many nodes have this host name. */
  readonly sharers: ReadonlyMap<string, number>;
  /** Nodes whose reservations are listed one by one. */
  readonly reserved: ReadonlySet<string>;
  /** What `gres.conf` says about the node; nothing where it says nothing. */
  readonly gres: NodeGres | undefined;
  /** Why the configured count of GPUs is not to be believed. */
  readonly doubt: string | undefined;
};

/** Everything a node's record says, and what stays open. */
export function addNode(node: SlurmNode, around: Around, collected: Collected): void {
  const { at } = node;
  const subject = collected.machine(node.name, at);
  const rank = node.from === 'seen' ? 1 : 0;
  const counts = gpusOf(node, around.doubt);
  const stated = { ...bodyOf(node, around), ...counts.set };
  collected.add({ kind: 'node', subject, set: stated, confidence: 'stated', at, rank });
  const state = node.from === 'seen' ? stateReading(node.states, node.reason) : configuredState(node);
  const closing = closedBy(node, around);
  const derived = {
    cpuMilli: node.cpus === undefined ? undefined : node.cpus * 1000,
    ...state.set,
    ...closing.set,
    ...counts.derived,
  };
  collected.add({ kind: 'node', subject, set: derived, confidence: 'derived', at, rank });
  for (const { attribute, why } of [
    ...counts.gaps,
    ...state.gaps,
    ...closing.gaps,
    ...openGaps(node, around),
  ])
    collected.gap({ subject, attribute, why, at });
  if (counts.type !== undefined) addModel(counts.type, { subject, at, rank }, collected);
  addDevices(node, { subject, around, rank }, collected);
}

function bodyOf(node: SlurmNode, { sharers }: Around): NodeFacts {
  const host = node.hostName;
  const isOwn = host !== undefined && host !== node.name && host !== 'localhost' && sharers.get(host) === 1;
  const labels = {
    ...(node.features ? { 'slurm.features': cleanText(node.features) } : {}),
    ...((node.partitions ?? []).length > 0
      ? { 'slurm.partitions': cleanText(node.partitions?.join(',') ?? '') }
      : {}),
  };
  const { memoryMib, diskMib, watts } = node;
  return {
    hostName: cleanText(node.name),
    ...(isOwn ? { aliases: [cleanText(host)] } : {}),
    // Slurm counts in MiB and takes 1 for a node of which nobody said how much there is.
    ...(memoryMib === undefined || memoryMib <= 1 ? {} : { memoryMib }),
    ...(diskMib === undefined || diskMib === 0 ? {} : { storageGib: Math.floor(diskMib / 1024) }),
    ...(watts === undefined || watts === 0 ? {} : { measuredW: watts }),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
}

/** In a configuration a state is where the node starts, not how it is; only what keeps it out counts. */
function configuredState({ states, reason }: SlurmNode): ReturnType<typeof stateReading> {
  const kept = states.filter((state) => ['DOWN', 'DRAIN', 'FAIL', 'FUTURE'].includes(state));
  if (kept.length > 0) return stateReading(kept, reason);
  return { set: {}, gaps: [{ attribute: 'health', why: 'a configuration does not say how a node is' }] };
}

function closedBy(
  { partitions }: SlurmNode,
  { closedPartitions }: Around,
): {
  readonly set: Pick<NodeFacts, 'schedulable'>;
  readonly gaps: readonly Gap[];
} {
  if (partitions === undefined) return { set: {}, gaps: [] };
  if (partitions.some((name) => !closedPartitions.has(name))) return { set: {}, gaps: [] };
  const why = partitions.length === 0 ? 'it is in no partition' : 'none of its partitions starts jobs';
  return { set: { schedulable: false }, gaps: [{ attribute: 'schedulable', why: `closed: ${why}` }] };
}

function openGaps(node: SlurmNode, { reserved }: Around): Gap[] {
  const { reservation } = node;
  const isReserved =
    reservation === undefined || reservation === '' ? node.states.includes('RESERVED') : true;
  const named = reservation ? ` as \`${cleanText(reservation, 60)}\`` : '';
  return [
    ...(node.cpus === undefined ? [{ attribute: 'cpuMilli', why: 'its CPUs are not said' }] : []),
    ...(node.memoryMib === undefined || node.memoryMib <= 1
      ? [{ attribute: 'memoryMib', why: 'RealMemory is not said' }]
      : []),
    ...(isReserved && !reserved.has(node.name)
      ? [{ attribute: 'reservation', why: `Slurm has it reserved${named}; Berth holds nothing for that` }]
      : []),
  ];
}

/** GPUs of a node: how many of which model, and what of that can be believed. */
type GpuCounts = {
  readonly set: NodeFacts;
  readonly derived: NodeFacts;
  readonly gaps: readonly Gap[];
  /** The only type of its GPUs. */
  readonly type?: string | undefined;
};

function gpusOf(node: SlurmNode, doubt: string | undefined): GpuCounts {
  const { gpus, others, broken } = readGres(node.gres ?? '');
  const gaps: Gap[] = [
    ...broken.map((item) => ({ attribute: 'gpuCount', why: `the resource \`${item}\` cannot be read` })),
    ...(others.some((name) => /^(?:mps|shard)$/iu.test(name))
      ? [{ attribute: 'sharing', why: `GPUs may be handed out in parts: the node has ${others.join(', ')}` }]
      : []),
  ];
  const nothing = { set: {}, derived: {}, gaps };
  if (gpus.some(({ type }) => isMigType(type))) return { ...nothing, ...inSlices(gpus, gaps) };
  if (broken.length > 0) return nothing;
  if (node.gres === undefined && node.from === 'seen')
    return { ...nothing, gaps: [{ attribute: 'gpuCount', why: 'the record has no Gres' }] };
  const count = gpus.reduce((sum, each) => sum + each.count, 0);
  const types = new Set(gpus.map(({ type }) => type));
  const [type] = types.size === 1 ? types : [];
  const kept =
    doubt === undefined ? plausibleCount(count) : { gaps: [{ attribute: 'gpuCount', why: doubt }] };
  const held = heldGaps(node, count);
  const shared = others.some((name) => /^(?:mps|shard)$/iu.test(name)) || held.length > 0;
  const { gaps: countGaps, ...gpuCount } = kept;
  return {
    set: gpuCount,
    derived: shared && count > 0 ? { sharing: 'unknown' } : {},
    gaps: [...gaps, ...countGaps, ...held, ...modelGap(types, count)],
    type: count === 0 ? undefined : type,
  };
}

function modelGap(types: ReadonlySet<string | undefined>, count: number): Gap[] {
  if (count === 0 || (types.size === 1 && !types.has(undefined))) return [];
  const several = 'the node has GPUs of several types; gres.conf tells which is which';
  return [{ attribute: 'gpuModel', why: types.size > 1 ? several : 'the Gres names no type' }];
}

function inSlices(
  gpus: readonly { readonly type: string | undefined; readonly count: number }[],
  gaps: Gap[],
) {
  const slices = gpus.filter(({ type }) => isMigType(type));
  const listed = slices.map(({ type, count }) => `${count} of ${cleanText(type ?? '', 40)}`).join(', ');
  const derived: NodeFacts = { sharing: 'mig-mixed' };
  const why = `MIG slices are listed as GPUs (${listed}): how many GPUs they are cut from is not said`;
  return { derived, gaps: [...gaps, { attribute: 'gpuCount', why }] };
}

/** Why the count of a record is not to be believed: nobody has seen so many devices. */
export function doubtOf(node: SlurmNode, conf: NodeGres | undefined): string | undefined {
  const count = readGres(node.gres ?? '').gpus.reduce((sum, each) => sum + each.count, 0);
  const reason = node.reason ?? '';
  const found = /gres\/gpu count reported lower than configured \((\d+) < (\d+)\)/u.exec(reason);
  const isInvalid = node.states.some((state) => state.startsWith('INVAL'));
  if (found !== null)
    return `configured are ${count}, but the daemon found ${found[1]}: gres/gpu count reported lower than configured`;
  if (isInvalid && count > 0)
    return `configured are ${count}, but the node is not registered with what it is configured to have`;
  if (node.from === 'configured' && conf !== undefined && conf.onlyCounted > 0 && count > 0)
    return `gres.conf has only Count=${conf.onlyCounted} without device files: nobody says that the devices are there`;
  if (conf !== undefined && conf.devices.length > 0 && conf.devices.length !== count && count > 0)
    return `Gres counts ${count}, gres.conf has ${conf.devices.length} device files`;
  return undefined;
}

/** GPUs that jobs hold now, which Berth knows nothing about; the state of a node does not show them. */
function heldGaps({ from, gpusHeld, states }: SlurmNode, count: number): Gap[] {
  if (from === 'configured' || count === 0 || gpusHeld === 0) return [];
  const state = states.find((word) => /^(?:IDLE|MIX|ALLOC)/u.test(word)) ?? 'not known';
  if (gpusHeld !== undefined) {
    const why = `jobs that Berth did not place hold ${gpusHeld} of ${count} GPUs (the state is ${state}); until when is not said`;
    return [{ attribute: 'sharing', why }];
  }
  if (!/^(?:MIX|ALLOC)/u.test(state)) return [];
  const why = `the state is ${state}, which does not say how many of ${count} GPUs jobs hold: \`scontrol -d show node\` and \`sinfo --json\` do`;
  return [{ attribute: 'sharing', why }];
}

/** Devices one by one: from `gres.conf`, else in the order of the types where there are several. */
function addDevices(
  node: SlurmNode,
  { subject, around, rank }: { readonly subject: Path; readonly around: Around; readonly rank: number },
  collected: Collected,
): void {
  const { gpus } = readGres(node.gres ?? '');
  const count = gpus.reduce((sum, each) => sum + each.count, 0);
  if (count === 0 || around.doubt !== undefined) return;
  if (around.gres !== undefined) {
    addGresDevices(around.gres, { ...node, subject }, collected);
    if (around.gres.devices.length > 0) return;
  }
  const isMixed = new Set(gpus.map(({ type }) => type)).size > 1;
  if (!isMixed || count > 32 || gpus.some(({ type }) => isMigType(type))) return;
  const models = gpus.flatMap(({ type, count: own }) =>
    Array.from({ length: own }, () => modelOfType(type)?.model),
  );
  for (const [number, model] of models.entries())
    collected.add({
      kind: 'gpu',
      subject: devicePath(subject, 'gpu', number),
      set: { model },
      confidence: 'assumed',
      at: node.at,
      rank,
    });
  collected.assume('GPUs of several types are numbered in the order in which Gres lists the types');
}
