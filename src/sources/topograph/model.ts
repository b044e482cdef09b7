import { z } from 'zod';

import { cleanText } from '../../model/text.ts';
import type { Collected, Place } from '../collected.ts';
import type { Described, FabricSwitch, LinkDomain } from '../fabric.ts';
import { namesIn } from '../slurm/topology.ts';
import type { Evidence } from '../source.ts';
import type { StructuredDocument } from '../structured.ts';

const text = z.union([z.string(), z.number()]).transform(String);
const texts = z.array(text).nullish();
const Labels = z.record(z.string(), text).nullish().catch(undefined);

const Switch = z.object({ name: text.optional(), switches: texts, nodes: texts }).nullish();

const Block = z.object({
  name: text.nullish(),
  switch: text.nullish(),
  nodes: texts,
  nvlink: text.nullish(),
  labels: Labels,
  annotations: Labels,
});

const Model = z.object({
  switches: z.union([z.record(z.string(), Switch), z.array(Switch)]).nullish(),
  blocks: z.array(Block).nullish(),
  capacity_blocks: z.array(Block).nullish(),
});

/**
 * A model as topograph's simulations use it: switches by name, blocks of nodes below a switch, the link domain of each
 * block as an annotation (older ones: `nvlink`). Switches that are only named by those above them count too. Nothing
 * when it is no model. Source: NVIDIA/topograph, pkg/models/model.go.
 */
export function modelOf(
  document: StructuredDocument,
  evidence: Evidence,
  collected: Collected,
): Described | undefined {
  const parsed = Model.safeParse(document.value);
  if (!parsed.success) return undefined;
  const { switches } = parsed.data;
  const blocks = parsed.data.blocks ?? parsed.data.capacity_blocks ?? [];
  if ((switches ?? undefined) === undefined && blocks.length === 0) return undefined;
  const below = new Map<string, FabricSwitch>();
  for (const [name, entry] of namedSwitches(switches ?? {})) {
    const at = placeOf(document, evidence, ['switches', name]);
    below.set(name, { name, nodes: expanded(entry?.nodes, at, collected), below: entry?.switches ?? [], at });
  }
  for (const { below: children, at } of below.values())
    for (const name of children) if (!below.has(name)) below.set(name, { name, nodes: [], below: [], at });
  const domains: LinkDomain[] = [];
  for (const [index, block] of blocks.entries()) {
    const at = placeOf(document, evidence, [parsed.data.blocks ? 'blocks' : 'capacity_blocks', index]);
    addBlock(block, { at, below, domains }, collected);
  }
  return { switches: [...below.values()], domains };
}

function namedSwitches(
  switches: NonNullable<z.infer<typeof Model>['switches']>,
): readonly (readonly [string, z.infer<typeof Switch>])[] {
  if (!Array.isArray(switches)) return Object.entries(switches);
  return switches.flatMap((entry) => (entry?.name === undefined ? [] : [[entry.name, entry] as const]));
}

type Built = {
  readonly at: Place;
  readonly below: Map<string, FabricSwitch>;
  readonly domains: LinkDomain[];
};

function addBlock(block: z.infer<typeof Block>, { at, below, domains }: Built, collected: Collected): void {
  const nodes = expanded(block.nodes, at, collected);
  if (block.switch) {
    const before = below.get(block.switch);
    below.set(block.switch, {
      name: block.switch,
      nodes: [...(before?.nodes ?? []), ...nodes],
      below: before?.below ?? [],
      at: before?.at ?? at,
    });
  }
  const domain = domainIn(block.annotations) ?? domainIn(block.labels) ?? block.nvlink ?? undefined;
  if (domain !== undefined && domain !== '') return void domains.push({ name: domain, nodes, at });
  const named = cleanText(block.name ?? block.switch ?? '', 60);
  collected.gap({ attribute: 'island', why: `the block \`${named}\` names no accelerator link domain`, at });
}

/** The domain that labels name, in the words of the models, of Kubernetes and of NVIDIA's own labels. */
export function domainIn(labels: Readonly<Record<string, string>> | null | undefined): string | undefined {
  const keys = [
    'accelerator.topograph.run/domain',
    'accelerator.topology.test/domain',
    'nvidia.com/gpu.clique',
    'network.topology.nvidia.com/accelerator',
  ];
  return keys.map((key) => labels?.[key]).find((value) => value !== undefined && value !== '');
}

function expanded(
  words: readonly string[] | null | undefined,
  at: Place,
  collected: Collected,
): readonly string[] {
  return (words ?? []).flatMap((word) => namesIn(word, at, collected));
}

function placeOf(
  document: StructuredDocument,
  evidence: Evidence,
  path: readonly (string | number)[],
): Place {
  return { evidence, line: document.lineOf(path) };
}
