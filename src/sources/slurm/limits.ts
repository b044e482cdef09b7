import { cleanText } from '../../model/text.ts';
import type { Collected } from '../collected.ts';
import type { Partition, Reservation } from './json.ts';
import type { SlurmRecord } from './record.ts';
import { stateReading, statesOf } from './state.ts';

/** Nodes that are only named by their partitions: they are there, and closed where none of these starts jobs. */
export function addPartitionNodes(
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
export function addReservation(
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

/** Nodes that a configuration keeps down, with its reason. */
export function addKept(
  { names, record }: { readonly names: readonly string[]; readonly record: SlurmRecord },
  collected: Collected,
): void {
  const { set } = stateReading(statesOf(record.fields.get('state') ?? 'DOWN'), record.fields.get('reason'));
  for (const name of names) {
    const subject = collected.machine(name, record);
    collected.add({
      kind: 'node',
      subject,
      set: { hostName: cleanText(name) },
      confidence: 'stated',
      at: record,
    });
    collected.add({ kind: 'node', subject, set, confidence: 'derived', at: record });
  }
}
