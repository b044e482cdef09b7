import { z } from 'zod';

import type { NodeFacts } from '../../model/fact.ts';
import { cleanText } from '../../model/text.ts';
import type { Collected, Place } from '../collected.ts';
import { addFabric, type FabricSwitch, listOf } from '../fabric.ts';
import type { StructuredDocument } from '../structured.ts';
import { expandHostlist } from './hostlist.ts';
import type { SlurmRecord } from './record.ts';

/** Nodes that Slurm plans as one: with `topology/block` the racks of NVL72 systems. */
type Block = { readonly name: string; readonly nodes: readonly string[]; readonly at: Place };

export type SlurmTopology = { readonly switches: readonly FabricSwitch[]; readonly blocks: readonly Block[] };

/** Switches and blocks of `topology.conf` and of `scontrol show topology`. */
export function topologyOf(records: readonly SlurmRecord[], collected: Collected): SlurmTopology {
  const switches = records
    .filter(({ kind }) => kind === 'switch')
    .map((record) => switchOf(record, collected));
  const blocks = records.filter(({ kind }) => kind === 'block').map((record) => blockOf(record, collected));
  return { switches, blocks };
}

/** A switch above others is listed by `scontrol` with all nodes below it; only a lowest one has nodes of its own. */
function switchOf(record: SlurmRecord, collected: Collected): FabricSwitch {
  const field = (name: string) => record.fields.get(name) ?? '';
  const below = namesIn(field('switches'), record, collected);
  const isAbove = below.length > 0 && record.fields.has('level');
  return {
    name: field('switchname'),
    nodes: isAbove ? [] : namesIn(field('nodes'), record, collected),
    below,
    at: record,
  };
}

function blockOf(record: SlurmRecord, collected: Collected): Block {
  const nodes = namesIn(record.fields.get('nodes') ?? '', record, collected);
  return { name: record.fields.get('blockname') ?? '', nodes, at: record };
}

/** Names behind an expression; what cannot be expanded is a gap. */
export function namesIn(text: string, at: Place, collected: Collected): readonly string[] {
  const { names, why } = expandHostlist(text);
  if (names !== undefined) return names;
  collected.gap({ attribute: 'nodes', why: `\`${cleanText(text, 80)}\` ${why}`, at });
  return [];
}

const text = z.union([z.string(), z.number()]).transform(String);

const Topology = z.object({
  topology: text,
  cluster_default: z.boolean().catch(false).optional(),
  tree: z
    .object({
      switches: z
        .array(z.object({ switch: text, children: text.nullish(), nodes: text.nullish() }))
        .nullish(),
    })
    .optional(),
  block: z.object({ blocks: z.array(z.object({ block: text, nodes: text.nullish() })).nullish() }).optional(),
});

/**
 * The topologies of a `topology.yaml` (Slurm 25.05): of several trees the cluster's default counts, else the first,
 * and blocks likewise. Nothing when it is no such file. Source: topology.yaml(5).
 */
export function topologyOfYaml(
  document: StructuredDocument,
  place: Place,
  collected: Collected,
): SlurmTopology | undefined {
  const parsed = z.array(Topology).min(1).safeParse(document.value);
  if (!parsed.success) return undefined;
  const all = parsed.data.map((entry, index) => ({
    entry,
    at: { ...place, line: document.lineOf([index]) },
  }));
  const ordered = [...all.filter(({ entry }) => entry.cluster_default === true), ...all];
  const tree = ordered.find(({ entry }) => entry.tree !== undefined);
  const block = ordered.find(({ entry }) => entry.block !== undefined);
  for (const { entry, at } of all) {
    if (entry === tree?.entry || entry === block?.entry) continue;
    const why = `the topology \`${cleanText(entry.topology, 60)}\` is not read: ${unreadWhy(entry)}`;
    collected.gap({ attribute: 'leaf', why, at });
  }
  return {
    switches: (tree?.entry.tree?.switches ?? []).map((entry) => ({
      name: entry.switch,
      nodes: namesIn(entry.nodes ?? '', tree?.at ?? place, collected),
      below: namesIn(entry.children ?? '', tree?.at ?? place, collected),
      at: tree?.at ?? place,
    })),
    blocks: (block?.entry.block?.blocks ?? []).map((entry) => ({
      name: entry.block,
      nodes: namesIn(entry.nodes ?? '', block?.at ?? place, collected),
      at: block?.at ?? place,
    })),
  };
}

function unreadWhy({ tree, block }: z.infer<typeof Topology>): string {
  return tree === undefined && block === undefined
    ? 'it is no tree and has no blocks'
    : 'another one of its kind counts';
}

/** GPUs that are joined across nodes, so that a block of such nodes is one link domain. */
const rackScale = /^(?:GB200|GB300|VR200|GH200-NVL32)/iu;

/**
 * Switches as leafs and spines, blocks as link domains. A block is only Slurm's unit of planning: it is a domain for
 * certain where the GPUs are joined across nodes, assumed to be one where nobody has said what GPUs there are, and none
 * for other GPUs.
 */
export function addTopology(
  { switches, blocks }: SlurmTopology,
  modelOf: (node: string) => NodeFacts['gpuModel'],
  collected: Collected,
): void {
  addFabric(switches, collected, 'stated');
  const [first] = switches;
  if (first !== undefined) {
    const why = 'Slurm gives no Mbit/s of a switch; its LinkSpeed is relative';
    collected.gap({ attribute: 'uplinkMbps', why, at: first.at });
  }
  for (const block of blocks) addBlock(block, modelOf, collected);
}

function addBlock(
  { name, nodes, at }: Block,
  modelOf: (node: string) => NodeFacts['gpuModel'],
  collected: Collected,
): void {
  const others: string[] = [];
  for (const node of nodes) {
    const subject = collected.machine(node, at);
    collected.add({ kind: 'node', subject, set: { hostName: cleanText(node) }, confidence: 'stated', at });
    const model = modelOf(node);
    if (model !== undefined && !rackScale.test(model)) {
      others.push(node);
      continue;
    }
    const confidence = model === undefined ? 'assumed' : 'derived';
    collected.add({ kind: 'node', subject, set: { island: collected.shared(name, at) }, confidence, at });
    if (confidence === 'assumed')
      collected.assume('a block of Slurm is read as one accelerator link domain, as in an NVL72 rack');
  }
  if (others.length === 0) return;
  const why = `the block \`${cleanText(name, 60)}\` is no link domain for ${listOf(others)}: their GPUs are not joined across nodes`;
  collected.gap({ attribute: 'island', why, at });
}
