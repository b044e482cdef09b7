import type { NodeFacts } from '../model/fact.ts';
import { cleanText } from '../model/text.ts';
import { Collected, type Place } from './collected.ts';
import { invalidFile, readText, reportProgress } from './evidence.ts';
import { wrongFormat } from './format.ts';
import { observation } from './observation.ts';
import { addGresNode, gresByNode } from './slurm-devices.ts';
import { addNode, doubtOf } from './slurm-facts.ts';
import { type GresLine, modelOfType, readGres, readGresLine } from './slurm-gres.ts';
import { type Partition, readListing, type Reservation } from './slurm-json.ts';
import { nodesOf, type SlurmNode } from './slurm-node.ts';
import { readRecords, type SlurmRecord, wholeLines } from './slurm-record.ts';
import { addTopology, namesIn, type SlurmTopology, topologyOf, topologyOfYaml } from './slurm-topology.ts';
import type { Evidence, ImportContext, Source } from './source.ts';
import { readDocuments } from './structured.ts';

/**
 * What Slurm knows: nodes and their GPUs, their state, reservations, switches and blocks. Several files about one
 * cluster are read together, so that `gres.conf` and the topology meet the nodes of `scontrol`.
 */
export const slurm: Source = {
  name: 'slurm',
  title: 'Slurm',
  howTo: 'scontrol -d show node > nodes.txt; scontrol show topology > topology.txt; /etc/slurm/gres.conf',
  parse(evidence, context) {
    const collected = new Collected(context);
    const read: Reading = { nodes: [], lines: [], partitions: [], reservations: [], topologies: [] };
    for (const file of evidence) readFile(file, read, collected);
    addAll(read, context, collected);
    return observation('slurm', evidence, context, collected.findings());
  },
};

type Reading = {
  readonly nodes: SlurmNode[];
  readonly lines: GresLine[];
  readonly partitions: Partition[];
  readonly reservations: Reservation[];
  readonly topologies: SlurmTopology[];
};

/** Many short lines could otherwise stand for more nodes than there is memory. */
const maxNodes = 200_000;

const expected = 'what `scontrol show node`, `sinfo --json` or slurmrestd prints, or files such as gres.conf';

function readFile(evidence: Evidence, read: Reading, collected: Collected): void {
  const text = readText(evidence);
  if (/^\s*[[{]/u.test(text)) {
    const listing = readListing(evidence, text, collected);
    read.nodes.push(...listing.nodes);
    read.partitions.push(...listing.partitions);
    read.reservations.push(...listing.reservations);
    return;
  }
  if (/^\s*-\s+topology\s*:/mu.test(text)) return readTopologyYaml(evidence, text, read, collected);
  // What `scontrol show` says where there are none: "No reservations in the system".
  if (/^No \w[\w ]{0,60}\.?\s*$/u.test(text)) return;
  const records = readRecords(evidence, wholeLines(evidence, text, collected));
  if (records.every(({ kind }) => kind === 'other' || kind === 'job'))
    throw withoutInventory(evidence, text, records);
  addRecords(records, read, collected);
}

function readTopologyYaml(evidence: Evidence, text: string, read: Reading, collected: Collected): void {
  for (const document of readDocuments(evidence, text)) {
    const topology = topologyOfYaml(document, { evidence }, collected);
    if (topology === undefined)
      throw wrongFormat(evidence, text, 'slurm', 'a topology.yaml of Slurm 25.05 or later');
    read.topologies.push(topology);
  }
}

function withoutInventory(evidence: Evidence, text: string, records: readonly SlurmRecord[]) {
  if (!records.some(({ kind }) => kind === 'job')) return wrongFormat(evidence, text, 'slurm', expected);
  return invalidFile(evidence, 'lists jobs, which are no inventory', `hand in ${expected}`);
}

/** Records in their order: a line with `NodeName=DEFAULT` is about those that follow. */
function addRecords(records: readonly SlurmRecord[], read: Reading, collected: Collected): void {
  let defaults: ReadonlyMap<string, string> = new Map();
  let usual = '';
  for (const record of records) {
    const { kind, fields } = record;
    if (kind === 'node' && fields.get('nodename') === 'DEFAULT') defaults = new Map([...defaults, ...fields]);
    else if (kind === 'node') addNodeRecord(record, defaults, read, collected);
    else if (kind === 'gres') addGresRecord(record, read, collected);
    else if (kind === 'partition') {
      if (fields.get('partitionname') === 'DEFAULT') usual = fields.get('state') ?? usual;
      else read.partitions.push(partitionOf(record, usual, collected));
    } else if (kind === 'reservation') read.reservations.push(reservationOf(record, collected));
  }
  read.topologies.push(topologyOf(records, collected));
}

function addNodeRecord(
  record: SlurmRecord,
  defaults: ReadonlyMap<string, string>,
  read: Reading,
  collected: Collected,
): void {
  const { nodes, why } = nodesOf(record, defaults);
  if (read.nodes.length + nodes.length > maxNodes)
    throw invalidFile(
      record.evidence,
      `names more than ${maxNodes} nodes`,
      'check its hostlist expressions',
      {
        line: record.line,
      },
    );
  for (const node of nodes) read.nodes.push(node);
  if (why === undefined) return;
  const name = cleanText(record.fields.get('nodename') ?? '', 80);
  collected.gap({ attribute: 'nodes', why: `\`${name}\` ${why}`, at: record });
}

function addGresRecord(record: SlurmRecord, read: Reading, collected: Collected): void {
  const line = readGresLine(record);
  if (line === undefined) {
    const name = cleanText(record.fields.get('name') ?? '', 40);
    return collected.assume(`the generic resource \`${name}\` is no GPU and was not read`);
  }
  read.lines.push(line);
  for (const why of line.broken) collected.gap({ attribute: 'gres', why, at: record });
}

function partitionOf(record: SlurmRecord, usual: string, collected: Collected): Partition {
  const { fields } = record;
  const listed = fields.has('totalnodes') ? (fields.get('nodes') ?? '') : '';
  return {
    name: fields.get('partitionname') ?? '',
    state: (fields.get('state') ?? usual).toUpperCase(),
    nodes: namesIn(listed, record, collected),
    at: record,
  };
}

function reservationOf(record: SlurmRecord, collected: Collected): Reservation {
  const field = (name: string) => record.fields.get(name) ?? '';
  return {
    name: field('reservationname'),
    nodes: namesIn(field('nodes'), record, collected),
    from: field('starttime'),
    until: field('endtime'),
    flags: field('flags')
      .split(',')
      .filter((flag) => flag !== ''),
    users: [field('users'), field('accounts')].filter((text) => text !== '').join(' and '),
    at: record,
  };
}

function addAll(read: Reading, context: ImportContext, collected: Collected): void {
  const byName = Map.groupBy(read.nodes, ({ name }) => name);
  const sharers = sharersOf(read.nodes);
  const closedPartitions = new Set(
    read.partitions.filter(({ state }) => /DOWN|DRAIN|INACTIVE/u.test(state)).map(({ name }) => name),
  );
  const gresOf = gresByNode(read.lines);
  let done = 0;
  for (const [name, records] of byName) {
    if (done++ % 256 === 0) reportProgress(context, done - 1, byName.size);
    const gres = gresOf(name);
    const seen = records.filter(({ from }) => from === 'seen');
    const judged = seen.length > 0 ? seen : records;
    const doubt = judged.map((node) => doubtOf(node, gres)).find((why) => why !== undefined);
    // Sockets stand in one of the records, not always in the one that is being read.
    const sockets = records.find((node) => node.sockets !== undefined && node.coresPerSocket !== undefined);
    for (const node of records)
      addNode(
        { ...node, sockets: sockets?.sockets, coresPerSocket: sockets?.coresPerSocket },
        { closedPartitions, sharers, gres, doubt },
        collected,
      );
  }
  noteSharedHosts(sharers, read.nodes, collected);
  addGresOnly(read.lines, new Set(byName.keys()), context, collected);
  addPartitionNodes(read.partitions, { closedPartitions, known: new Set(byName.keys()) }, collected);
  for (const reservation of read.reservations) addReservation(reservation, collected);
  const modelOf = (name: string) => modelOfNode(byName.get(name) ?? []);
  for (const topology of read.topologies) addTopology(topology, modelOf, collected);
  reportProgress(context, byName.size, byName.size);
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

/** Nodes that are only named by their partitions: they are there, and closed where none of these starts jobs. */
function addPartitionNodes(
  partitions: readonly Partition[],
  {
    closedPartitions,
    known,
  }: { readonly closedPartitions: ReadonlySet<string>; readonly known: ReadonlySet<string> },
  collected: Collected,
): void {
  const members = partitions.flatMap((partition) => partition.nodes.map((name) => ({ name, partition })));
  for (const [name, own] of Map.groupBy(members, (member) => member.name)) {
    const [first] = own;
    if (first === undefined || known.has(name)) continue;
    const { at } = first.partition;
    const subject = collected.machine(name, at);
    const labels = { 'slurm.partitions': cleanText(own.map(({ partition }) => partition.name).join(',')) };
    collected.add({
      kind: 'node',
      subject,
      set: { hostName: cleanText(name), labels },
      confidence: 'stated',
      at,
    });
    if (own.every(({ partition }) => closedPartitions.has(partition.name)))
      collected.add({ kind: 'node', subject, set: { schedulable: false }, confidence: 'derived', at });
  }
}

/** What somebody may use alone. Berth holds nothing for it: contracts are its own, reservations are Slurm's. */
function addReservation(
  { name, nodes, from, until, flags, users, at }: Reservation,
  collected: Collected,
): void {
  const behind = flags.length === 0 ? '' : `, ${flags.join(',')}`;
  const whose = users === '' ? '' : ` for ${users}`;
  const why = `Slurm reserves it as \`${cleanText(name, 60)}\`${cleanText(whose, 60)} from ${cleanText(from, 40)} to ${cleanText(until, 40)}${cleanText(behind, 80)}; Berth holds nothing for that`;
  for (const node of nodes)
    collected.gap({ subject: collected.machine(node, at), attribute: 'reservation', why, at });
  if (nodes.length === 0) collected.gap({ attribute: 'reservation', why: `${why}; it names no nodes`, at });
}
