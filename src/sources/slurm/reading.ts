import { cleanText } from '../../model/text.ts';
import type { Collected } from '../collected.ts';
import { invalidFile } from '../evidence.ts';
import { type GresLine, readGresLine } from './gres.ts';
import type { Partition, Reservation } from './json.ts';
import { nodesOf, type SlurmNode } from './node.ts';
import type { SlurmRecord } from './record.ts';
import { namesIn, type SlurmTopology, topologyOf } from './topology.ts';

/** What all files together say, before it becomes facts. */
export type Reading = {
  readonly nodes: SlurmNode[];
  readonly lines: GresLine[];
  readonly partitions: Partition[];
  readonly reservations: Reservation[];
  readonly topologies: SlurmTopology[];
  /** `DownNodes` lines of a configuration. */
  readonly kept: { readonly names: readonly string[]; readonly record: SlurmRecord }[];
};

/** Many short lines could otherwise stand for more nodes than there is memory. */
const maxNodes = 200_000;

/** Records in their order: a line with `NodeName=DEFAULT` is about those that follow. */
export function addRecords(records: readonly SlurmRecord[], read: Reading, collected: Collected): void {
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
    else if (kind === 'down-nodes') {
      const names = namesIn(fields.get('downnodes') ?? '', record, collected);
      read.kept.push({ names, record });
    }
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
    throw invalidFile(record.evidence, `names more than ${maxNodes} nodes`, 'check its host lists', {
      line: record.line,
    });
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
