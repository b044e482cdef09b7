import type { Confidence } from '../model/fact.ts';
import type { Path } from '../model/id.ts';
import { cleanText, compareText } from '../model/text.ts';
import type { Collected, Place } from './collected.ts';

/** A switch as some source describes it: what hangs on it, machines and other switches. */
export type FabricSwitch = {
  readonly name: string;
  readonly nodes: readonly string[];
  /** Switches below it, by name. */
  readonly below: readonly string[];
  /** Mbit/s of all its links to switches above it, where the source says so. */
  readonly uplinkMbps?: number | undefined;
  readonly at: Place;
};

/** Machines that are joined by an accelerator link, by the name of their domain. */
export type LinkDomain = { readonly name: string; readonly nodes: readonly string[]; readonly at: Place };

/** Both fabrics as one document describes them. */
export type Described = {
  readonly switches: readonly FabricSwitch[];
  readonly domains: readonly LinkDomain[];
};

/**
 * Switches as leafs and spines. A node's leaf is the switch it hangs on; what stands above leafs are spines. Leafs that
 * have switches above them in common hang on all of these together, so these count as one spine. What stands above the
 * spines is in no fact, and a node on several switches has no leaf: both are reported.
 */
export function addFabric(
  switches: readonly FabricSwitch[],
  collected: Collected,
  confidence: Confidence,
): void {
  const above = aboveOf(switches);
  const leafs = switches.filter(({ nodes, below }) => nodes.length > 0 || below.length === 0);
  const byName = new Map(switches.map((entry) => [entry.name, entry]));
  const groups = spineGroups(leafs, above);
  for (const leaf of leafs) addLeaf(leaf, groups.get(leaf.name), collected, confidence);
  for (const group of new Set(groups.values())) addSpine(group, { byName, above }, collected, confidence);
  addNodes(leafs, collected, confidence);
}

/** The switches above each, in the order of their names. */
function aboveOf(switches: readonly FabricSwitch[]): ReadonlyMap<string, readonly string[]> {
  const above = new Map<string, Set<string>>();
  for (const { name, below } of switches)
    for (const child of below)
      if (child !== name) above.set(child, (above.get(child) ?? new Set()).add(name));
  return new Map([...above].map(([name, parents]) => [name, [...parents].toSorted(compareText)]));
}

/** One spine: the switches that leafs reach directly, one of them or several that some leaf has in common. */
type SpineGroup = { readonly members: readonly string[] };

function spineGroups(
  leafs: readonly FabricSwitch[],
  above: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, SpineGroup> {
  const head = new Map<string, string>();
  const headOf = (name: string): string => {
    let at = name;
    for (let next = head.get(at); next !== undefined && next !== at; next = head.get(at)) at = next;
    return at;
  };
  for (const { name } of leafs) {
    const [first, ...others] = above.get(name) ?? [];
    if (first === undefined) continue;
    for (const other of [first, ...others]) {
      const [low, high] = [headOf(first), headOf(other)].toSorted(compareText);
      if (low !== undefined && high !== undefined) head.set(high, low);
    }
  }
  const members = Map.groupBy([...head.keys()].toSorted(compareText), headOf);
  const groups = new Map([...members].map(([name, own]) => [name, { members: own }]));
  return new Map(
    leafs.flatMap(({ name }) => {
      const [first] = above.get(name) ?? [];
      const group = first === undefined ? undefined : groups.get(headOf(first));
      return group === undefined ? [] : [[name, group] as const];
    }),
  );
}

function spinePath({ members: [first = '', ...others] }: SpineGroup, collected: Collected, at: Place): Path {
  return collected.shared(others.length === 0 ? first : `${first}.and-${others.length}-more`, at);
}

function addLeaf(
  { name, at, uplinkMbps }: FabricSwitch,
  group: SpineGroup | undefined,
  collected: Collected,
  confidence: Confidence,
): void {
  const subject = collected.shared(name, at);
  const spine = group === undefined ? undefined : spinePath(group, collected, at);
  const isOwn = confidence === 'derived' || group === undefined || group.members.length === 1;
  collected.add({
    kind: 'leaf',
    subject,
    set: isOwn ? { uplinkMbps, spine } : { uplinkMbps },
    confidence,
    at,
  });
  if (!isOwn) collected.add({ kind: 'leaf', subject, set: { spine }, confidence: 'derived', at });
}

type Levels = {
  readonly byName: ReadonlyMap<string, FabricSwitch>;
  readonly above: ReadonlyMap<string, readonly string[]>;
};

function addSpine(
  group: SpineGroup,
  { byName, above }: Levels,
  collected: Collected,
  confidence: Confidence,
): void {
  const described = group.members.flatMap((name) => byName.get(name) ?? []);
  const [first] = described;
  if (first === undefined) return;
  const subject = spinePath(group, collected, first.at);
  const uplinks = described.flatMap(({ uplinkMbps }) => uplinkMbps ?? []);
  const isWhole = uplinks.length === group.members.length;
  const uplinkMbps = isWhole ? uplinks.reduce((sum, mbps) => sum + mbps, 0) : undefined;
  collected.add({ kind: 'spine', subject, set: { uplinkMbps }, confidence, at: first.at });
  if (group.members.length > 1)
    collected.assume(
      'spine switches that leafs have in common are read as one spine, named after the first of them',
    );
  const lost = [...new Set(group.members.flatMap((name) => above.get(name) ?? []))].toSorted(compareText);
  if (lost.length === 0) return;
  collected.gap({
    subject,
    attribute: 'above',
    why: `it hangs on ${listOf(lost)}: levels above the spine are in no fact, so two spines are as far apart as any`,
    at: first.at,
  });
}

function addNodes(leafs: readonly FabricSwitch[], collected: Collected, confidence: Confidence): void {
  const byNode = new Map<string, FabricSwitch[]>();
  for (const leaf of leafs)
    for (const node of leaf.nodes) {
      const before = byNode.get(node);
      if (before === undefined) byNode.set(node, [leaf]);
      else before.push(leaf);
    }
  for (const [node, switches] of byNode) {
    const [first] = switches;
    if (first === undefined) continue;
    const { at } = first;
    const subject = collected.machine(node, at);
    const hostName = cleanText(node);
    const names = new Set(switches.map(({ name }) => name));
    const leaf = names.size === 1 ? collected.shared(first.name, at) : undefined;
    const told = confidence === 'stated' ? { hostName, leaf } : { hostName };
    collected.add({ kind: 'node', subject, set: told, confidence: 'stated', at });
    if (leaf !== undefined && confidence !== 'stated')
      collected.add({ kind: 'node', subject, set: { leaf }, confidence, at });
    if (leaf === undefined)
      collected.gap({
        subject,
        attribute: 'leaf',
        why: `it hangs on ${names.size} switches: ${listOf([...names].toSorted(compareText))}`,
        at,
      });
  }
}

/** `a`, `b` and 3 more. */
export function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 4).map((name) => `\`${cleanText(name, 40)}\``);
  const more = names.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}
