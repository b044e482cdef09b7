import type { NodeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import type { Collected, Place } from '../collected.ts';
import { invalidFile, reportProgress } from '../evidence.ts';
import type { ImportContext } from '../source.ts';
import { addGresNode, gresByNode, type NodeGres } from './devices.ts';
import { addNode, doubtOf } from './facts.ts';
import { type GresLine, modelOfType, readGres } from './gres.ts';
import { addKept, addPartitionNodes, addReservation } from './limits.ts';
import type { SlurmNode } from './node.ts';
import type { Reading } from './reading.ts';
import { addTopology } from './topology.ts';

/** Makes facts of everything that was read about one cluster. */
export function addCluster(read: Reading, context: ImportContext, collected: Collected): void {
  const byName = Map.groupBy(read.nodes, ({ name }) => name);
  const sharers = sharersOf(read.nodes);
  const closedPartitions = new Set(
    read.partitions.filter(({ state }) => /DOWN|DRAIN|INACTIVE/u.test(state)).map(({ name }) => name),
  );
  const reserved = new Set(read.reservations.flatMap(({ nodes }) => nodes));
  const around = { closedPartitions, sharers, reserved };
  const gresOf = gresByNode(read.lines);
  let done = 0;
  for (const [name, records] of byName) {
    if (done++ % 256 === 0) reportProgress(context, done - 1, byName.size);
    addRecordsOf(records, { ...around, gres: gresOf(name) }, collected);
  }
  noteSharedHosts(sharers, read.nodes, collected);
  addGresOnly(read.lines, new Set(byName.keys()), context, collected);
  addPartitionNodes(read.partitions, { closedPartitions, known: new Set(byName.keys()) }, collected);
  for (const kept of read.kept) addKept(kept, collected);
  for (const reservation of read.reservations) addReservation(reservation, collected);
  const modelOf = (name: string) => modelOfNode(byName.get(name) ?? []);
  for (const topology of read.topologies) addTopology(topology, modelOf, collected);
  reportProgress(context, byName.size, byName.size);
}

/** All records about one node. What was seen decides whether the count of its GPUs is believed. */
function addRecordsOf(
  records: readonly SlurmNode[],
  around: Omit<Parameters<typeof addNode>[1], 'doubt'> & { readonly gres: NodeGres | undefined },
  collected: Collected,
): void {
  const seen = records.filter(({ from }) => from === 'seen');
  const doubts = (seen.length > 0 ? seen : records).map((node) => doubtOf(node, around.gres));
  const doubt = doubts.find((why) => why !== undefined);
  // Sockets stand in one of the records, not always in the one that is being read.
  const whole = records.find((node) => node.sockets !== undefined && node.coresPerSocket !== undefined);
  const { sockets, coresPerSocket } = whole ?? { sockets: undefined, coresPerSocket: undefined };
  for (const node of records) addNode({ ...node, sockets, coresPerSocket }, { ...around, doubt }, collected);
}

function modelOfNode(records: readonly SlurmNode[]): NodeFacts['gpuModel'] {
  const types = records.flatMap(({ gres }) => readGres(gres ?? '').gpus.map(({ type }) => type));
  return modelOfType(types.find((type) => type !== undefined))?.model;
}

/** How many nodes have each host name. */
function sharersOf(nodes: readonly SlurmNode[]): ReadonlyMap<string, number> {
  const names = new Map<string, Set<string>>();
  for (const { hostName, name } of nodes)
    if (hostName !== undefined) names.set(hostName, (names.get(hostName) ?? new Set()).add(name));
  return new Map([...names].map(([host, own]) => [host, own.size]));
}

/** Several daemons on one machine, or a listing that shows hosts instead of nodes. */
function noteSharedHosts(
  sharers: ReadonlyMap<string, number>,
  nodes: readonly SlurmNode[],
  collected: Collected,
): void {
  for (const [host, count] of sharers) {
    const first = count < 2 ? undefined : nodes.find(({ hostName }) => hostName === host);
    if (first === undefined) continue;
    const why = `${count} nodes have the host name \`${cleanText(host, 60)}\` (which \`sinfo -o %n\` prints): nodes are told apart by NodeName alone`;
    collected.gap({ attribute: 'hostName', why, at: first.at });
  }
}

/** Nodes that only `gres.conf` names; lines that name none are about the machine of `--node`, or all known nodes. */
function addGresOnly(
  lines: readonly GresLine[],
  known: ReadonlySet<string>,
  context: ImportContext,
  collected: Collected,
): void {
  const named = new Set(lines.flatMap(({ nodes }) => nodes ?? []));
  const [unnamed] = lines.filter(({ nodes, record }) => nodes === undefined && record.fields.has('name'));
  if (unnamed !== undefined && known.size === 0 && named.size === 0) {
    const own = context.nodes ?? [];
    if (own.length === 0) throw ownerless(unnamed.record);
    for (const name of own) named.add(name);
  }
  const gresOf = gresByNode(lines);
  for (const name of named) {
    const gres = gresOf(name);
    const at = lines.find(({ nodes }) => nodes?.includes(name) ?? true)?.record;
    if (gres !== undefined && at !== undefined && !known.has(name))
      addGresNode({ name, gres, at }, collected);
  }
}

function ownerless({ evidence, line }: Place & { readonly line: number }) {
  return invalidFile(
    evidence,
    'does not say whose devices these are',
    'pass `--node`, or hand in what `scontrol show node` prints too',
    { line },
  );
}
