import { Collected } from '../collected.ts';
import { invalidFile, readText } from '../evidence.ts';
import { wrongFormat } from '../format.ts';
import { observation } from '../observation.ts';
import type { Evidence, Source } from '../source.ts';
import { readDocuments } from '../structured.ts';
import { addCluster } from './cluster.ts';
import { readListing } from './json.ts';
import { addRecords, type Reading } from './reading.ts';
import { readRecords, type SlurmRecord, wholeLines } from './record.ts';
import { topologyOfYaml } from './topology.ts';

/**
 * What Slurm knows: nodes and their GPUs, their state, reservations, switches and blocks. Several files about one
 * cluster are read together, so that `gres.conf` and the topology meet the nodes of `scontrol`.
 */
export const slurm: Source = {
  name: 'slurm',
  title: 'Slurm',
  howTo:
    'scontrol -d show node > nodes.txt; scontrol show topology > topology.txt; both at once, with gres.conf',
  parse(evidence, context) {
    const collected = new Collected(context);
    const read: Reading = {
      nodes: [],
      lines: [],
      partitions: [],
      reservations: [],
      topologies: [],
      kept: [],
    };
    for (const file of evidence) readFile(file, read, collected);
    addCluster(read, context, collected);
    return observation('slurm', evidence, context, collected.findings());
  },
};

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
