import { z } from 'zod';

import { cleanText, compareText } from '../../model/text.ts';
import type { Collected, Place } from '../collected.ts';
import type { Described, FabricSwitch } from '../fabric.ts';
import { plausibleCount } from '../gpu-reading.ts';
import { devicePath } from '../machine.ts';
import type { Evidence } from '../source.ts';
import type { StructuredDocument } from '../structured.ts';

const Device = z.object({ id: z.string(), name: z.string().min(1), tier: z.int() });

const End = z.object({ node: z.string(), interface: z.string().optional() });

const Link = z.object({
  interfaces: z.array(End).length(2),
  compounded_links: z.array(z.object({ interfaces: z.array(End).length(2) })).nullish(),
});

const Fabric = z.object({
  links: z.array(Link),
  nodes: z.array(z.object({ compounded_nodes: z.array(Device) })),
});

/**
 * NetQ's graph of an Ethernet fabric: devices with their tier (-1 for what is no switch) and the links between them.
 * Nothing when it is no such file. Source: NVIDIA/topograph, pkg/providers/netq/netq.go.
 */
export function netqOf(
  document: StructuredDocument,
  evidence: Evidence,
  collected: Collected,
): Described | undefined {
  const parsed = z.array(Fabric).min(1).safeParse(document.value);
  if (!parsed.success) return undefined;
  const at: Place = { evidence, line: 1 };
  return { switches: parsed.data.flatMap((fabric) => switchesOf(fabric, at, collected)), domains: [] };
}

function switchesOf(
  { nodes, links }: z.infer<typeof Fabric>,
  at: Place,
  collected: Collected,
): FabricSwitch[] {
  const devices = new Map(
    nodes.flatMap((tier) => tier.compounded_nodes).map((device) => [device.id, device]),
  );
  const below = new Map<string, { nodes: string[]; switches: string[] }>();
  const ports = new Map<string, { name: string; leaf: string }[]>();
  for (const link of links) {
    const [a, b] = link.interfaces.map(({ node }) => devices.get(node));
    if (a === undefined || b === undefined || a.tier === b.tier) {
      const named = link.interfaces.map(({ node }) => devices.get(node)?.name ?? node).join(' and ');
      collected.gap({ attribute: 'link', why: `the link of ${cleanText(named, 80)} joins no two tiers`, at });
      continue;
    }
    const [low, high] = a.tier < b.tier ? [a, b] : [b, a];
    const own = below.get(high.id) ?? { nodes: [], switches: [] };
    below.set(high.id, own);
    if (low.tier > 0) own.switches.push(low.name);
    else own.nodes.push(low.name);
    if (low.tier > 0) continue;
    const ends = (link.compounded_links ?? []).flatMap(({ interfaces }) => interfaces);
    const names = ends.flatMap((end) => (end.node === low.id && end.interface ? [end.interface] : []));
    ports.set(low.name, [
      ...(ports.get(low.name) ?? []),
      ...names.map((name) => ({ name, leaf: high.name })),
    ]);
  }
  for (const [node, own] of ports) addPorts(node, own, at, collected);
  return [...devices.values()]
    .filter(({ tier }) => tier > 0)
    .map(({ id, name }) => {
      const own = below.get(id);
      return { name, nodes: own?.nodes ?? [], below: own?.switches ?? [], at };
    });
}

/** Ports of a node in the order of their names, each with the switch it hangs on. */
function addPorts(
  node: string,
  ports: readonly { readonly name: string; readonly leaf: string }[],
  at: Place,
  collected: Collected,
): void {
  const machine = collected.machine(node, at);
  const ordered = ports.toSorted((a, b) => compareText(a.name, b.name));
  for (const [number, { name, leaf }] of ordered.slice(0, 32).entries())
    collected.add({
      kind: 'nic',
      subject: devicePath(machine, 'nic', number),
      set: { name: cleanText(name), leaf: collected.shared(leaf, at) },
      confidence: 'stated',
      at,
    });
}

const ComputeNode = z.object({
  Name: z.string().min(1),
  DomainUUID: z.string().nullish(),
  GpuIDList: z.array(z.unknown()).nullish(),
  Health: z.string().nullish(),
});

/** NetQ's compute nodes of NVLink domains. Says whether the document is such a list, and adds what it says. */
export function addNetqNodes(
  document: StructuredDocument,
  evidence: Evidence,
  collected: Collected,
): boolean {
  const parsed = z.array(ComputeNode).min(1).safeParse(document.value);
  if (!parsed.success || parsed.data.every(({ DomainUUID }) => !DomainUUID)) return false;
  for (const [index, node] of parsed.data.entries()) {
    const at: Place = { evidence, line: document.lineOf([index]) };
    const subject = collected.machine(node.Name, at);
    const { gaps, ...counted } = node.GpuIDList ? plausibleCount(node.GpuIDList.length) : { gaps: [] };
    const island = node.DomainUUID ? collected.shared(node.DomainUUID, at) : undefined;
    const set = { hostName: cleanText(node.Name), island, ...counted };
    collected.add({ kind: 'node', subject, set, confidence: 'stated', at });
    const derived = { health: healthOf(node.Health), link: island === undefined ? undefined : 'nvlink' };
    collected.add({ kind: 'node', subject, set: derived, confidence: 'derived', at });
    for (const gap of gaps) collected.gap({ subject, ...gap, at });
    if (derived.health === undefined) {
      const why = `the health \`${cleanText(node.Health ?? '', 40)}\` is none that is known`;
      collected.gap({ subject, attribute: 'health', why, at });
    }
  }
  return true;
}

/** States of NMX-Controller, which NetQ passes on. */
function healthOf(health: string | null | undefined): 'healthy' | 'degraded' | 'down' | undefined {
  if (health === 'HEALTHY') return 'healthy';
  if (health === 'DEGRADED') return 'degraded';
  return health === 'UNHEALTHY' ? 'down' : undefined;
}
