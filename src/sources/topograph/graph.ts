import { z } from 'zod';

import { cleanText } from '../../model/text.ts';
import type { Collected, Place } from '../collected.ts';
import type { Described, FabricSwitch, LinkDomain } from '../fabric.ts';
import type { Evidence } from '../source.ts';
import type { StructuredDocument } from '../structured.ts';
import { domainIn } from './model.ts';

const Graph = z.object({
  instances: z.array(
    z.object({
      id: z.string().min(1),
      network_layers: z.array(z.string()).nullish(),
      labels: z.record(z.string(), z.string()).nullish().catch(undefined),
    }),
  ),
});

/**
 * The output of topograph's `graph` engine: each node with the switches above it, the closest first, and its link
 * domain as a label. Nothing when it is no such file. Source: NVIDIA/topograph, docs/engines/graph.md.
 */
export function graphOf(
  document: StructuredDocument,
  evidence: Evidence,
  collected: Collected,
): Described | undefined {
  const parsed = Graph.safeParse(document.value);
  if (!parsed.success) return undefined;
  const switches = new Map<string, FabricSwitch>();
  const domains: LinkDomain[] = [];
  for (const [index, { id, network_layers: layers, labels }] of parsed.data.instances.entries()) {
    const at = { evidence, line: document.lineOf(['instances', index]) };
    const known = (layers ?? []).filter((name) => name !== '');
    for (const [level, name] of known.entries()) {
      const before = switches.get(name) ?? { name, nodes: [], below: [], at };
      const child = known[level - 1];
      const isNew = child !== undefined && !before.below.includes(child);
      switches.set(name, {
        ...before,
        nodes: level === 0 ? [...before.nodes, id] : before.nodes,
        below: isNew ? [...before.below, child] : before.below,
      });
    }
    if (known.length === 0) addAlone(id, at, collected);
    const domain = domainIn(labels);
    if (domain !== undefined) domains.push({ name: domain, nodes: [id], at });
  }
  return { switches: [...switches.values()], domains };
}

/** A node of which no switch is known is there all the same. */
function addAlone(id: string, at: Place, collected: Collected): void {
  const subject = collected.machine(id, at);
  collected.add({ kind: 'node', subject, set: { hostName: cleanText(id) }, confidence: 'stated', at });
  collected.gap({ subject, attribute: 'leaf', why: 'topograph names no switch of it', at });
}
