import { z } from 'zod';

import { cleanText, compareText } from '../../model/text.ts';
import { Collected } from '../collected.ts';
import { invalidFile, readText, reportProgress } from '../evidence.ts';
import { addFabric, type Described, type LinkDomain } from '../fabric.ts';
import { wrongFormat } from '../format.ts';
import { observation } from '../observation.ts';
import { readRecords, wholeLines } from '../slurm/record.ts';
import { type SlurmTopology, topologyOf, topologyOfYaml } from '../slurm/topology.ts';
import type { Evidence, ImportContext, Source } from '../source.ts';
import { readDocuments, type StructuredDocument } from '../structured.ts';
import { graphOf } from './graph.ts';
import { modelOf } from './model.ts';
import { addNetqNodes, netqOf } from './netq.ts';

/**
 * What NVIDIA's topograph reads and writes: its models, the output of its `graph` and `slurm` engines, and the answers
 * of NetQ that it starts from (the graph of the Ethernet fabric, the compute nodes of NVLink domains).
 */
export const topograph: Source = {
  name: 'topograph',
  title: 'topograph',
  howTo: 'curl -s "$TOPOGRAPH/v1/topology?uid=$ID" > topology.json, or a model or topology.conf of topograph',
  alsoReads: ['slurm'],
  parse(evidence, context) {
    const collected = new Collected(context);
    for (const file of evidence) readFile(file, context, collected);
    return observation('topograph', evidence, context, collected.findings());
  },
};

const expected = 'a model, the output of the engines `graph` or `slurm`, or answers of NetQ';

function readFile(evidence: Evidence, context: ImportContext, collected: Collected): void {
  const text = readText(evidence);
  if (/^(?:#.*\n|\s)*(?:SwitchName|BlockName|BlockSizes)=/iu.test(text))
    return addDescribed(slurmFile(evidence, text, collected), collected);
  const documents = readDocuments(evidence, text);
  if (documents.length === 0) throw wrongFormat(evidence, text, 'topograph', expected);
  for (const [index, document] of documents.entries()) {
    reportProgress(context, index, documents.length);
    readDocument({ evidence, text, document }, collected);
  }
}

type Opened = { readonly evidence: Evidence; readonly text: string; readonly document: StructuredDocument };

function readDocument({ evidence, text, document }: Opened, collected: Collected): void {
  if (Request.safeParse(document.value).success)
    throw invalidFile(
      evidence,
      'is a request to topograph, not its answer',
      `keep it to yourself, it may hold passwords; hand in ${expected}`,
    );
  if (addNetqNodes(document, evidence, collected)) return;
  const described =
    modelOf(document, evidence, collected) ??
    graphOf(document, evidence, collected) ??
    netqOf(document, evidence, collected) ??
    yamlFile(document, evidence, collected);
  if (described === undefined) throw wrongFormat(evidence, text, 'topograph', expected);
  addDescribed(described, collected);
}

const Request = z.object({
  provider: z.object({ name: z.string() }),
  engine: z.object({ name: z.string() }),
});

function addDescribed({ switches, domains }: Described, collected: Collected): void {
  addFabric(switches, collected, 'stated');
  const byNode = new Map<string, LinkDomain[]>();
  for (const domain of domains)
    for (const node of domain.nodes) byNode.set(node, [...(byNode.get(node) ?? []), domain]);
  for (const [node, own] of byNode) addDomain(node, own, collected);
  const [first] = switches;
  if (first === undefined) return;
  const why = 'topograph says how switches hang together, not how many Mbit/s they have';
  collected.gap({ attribute: 'uplinkMbps', why, at: first.at });
}

function addDomain(node: string, domains: readonly LinkDomain[], collected: Collected): void {
  const [first] = domains;
  if (first === undefined) return;
  const { at } = first;
  const subject = collected.machine(node, at);
  const names = [...new Set(domains.map(({ name }) => name))].toSorted(compareText);
  const island = names.length === 1 ? collected.shared(first.name, at) : undefined;
  collected.add({
    kind: 'node',
    subject,
    set: { hostName: cleanText(node), island },
    confidence: 'stated',
    at,
  });
  if (island !== undefined) return;
  const why = `it is named in several link domains: ${cleanText(names.join(', '), 120)}`;
  collected.gap({ subject, attribute: 'island', why, at });
}

/** A `topology.conf` as topograph writes it: comments give the fabric's own names of switches and domains. */
function slurmFile(evidence: Evidence, text: string, collected: Collected): Described {
  const names = new Map(
    [...text.matchAll(/^#[ \t]*([^\s=#]{1,200})=(\S{1,200})[ \t\r]*$/gmu)].map(([, short = '', own = '']) => [
      short,
      own,
    ]),
  );
  return renamed(topologyOf(readRecords(evidence, wholeLines(evidence, text, collected)), collected), names);
}

function yamlFile(
  document: StructuredDocument,
  evidence: Evidence,
  collected: Collected,
): Described | undefined {
  const topology = topologyOfYaml(document, { evidence }, collected);
  return topology === undefined ? undefined : renamed(topology, new Map());
}

/** topograph makes blocks of link domains and of nothing else. */
function renamed({ switches, blocks }: SlurmTopology, names: ReadonlyMap<string, string>): Described {
  const own = (name: string) => names.get(name) ?? name;
  return {
    switches: switches.map((entry) => ({ ...entry, name: own(entry.name), below: entry.below.map(own) })),
    domains: blocks.map((block) => ({ ...block, name: own(block.name) })),
  };
}
