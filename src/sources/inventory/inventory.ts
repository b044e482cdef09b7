import type { Fact, GpuFacts, NicFacts, NodeFacts, SiteFacts } from '../../model/fact.ts';
import type { Path } from '../../model/id.ts';
import { cleanText, didYouMean } from '../../model/text.ts';
import { reportProgress } from '../evidence.ts';
import { type Findings, known, noFindings, observation } from '../observation.ts';
import { pathOf } from '../path.ts';
import type { Source } from '../source.ts';
import { type InventoryText, readInventory } from './document.ts';
import { expandNames } from './names.ts';
import { type At, type KnownShape, originOf, Register, wrong } from './register.ts';
import {
  type FabricEntry,
  type HallEntry,
  microEurOf,
  type NodesEntry,
  type PoolEntry,
  type RackEntry,
  type ShapeEntry,
  type SiteEntry,
} from './schema.ts';

/** Berth's own inventory: what people write down on purpose. Its form: `InventoryDocument`. */
export const inventory: Source = {
  name: 'inventory',
  title: 'Berth inventory',
  howTo: 'a YAML file that begins with `schema: berth/inventory/1`',
  parse(evidence, context) {
    const findings = noFindings();
    const texts = evidence.map((file) => readInventory(file));
    const shapes = new Map<string, KnownShape>();
    for (const text of texts) addShapes(text, shapes, findings);
    const register = new Register(findings, shapes);
    for (const [index, text] of texts.entries()) {
      reportProgress(context, index, texts.length);
      for (const [name, site] of Object.entries(text.value.sites)) addSite(text, name, site, register);
    }
    for (const text of texts) addWan(text, register);
    reportProgress(context, texts.length, texts.length);
    return observation('inventory', evidence, context, findings);
  },
};

function addShapes(text: InventoryText, shapes: Map<string, KnownShape>, findings: Findings): void {
  for (const [name, shape] of Object.entries(text.value.shapes ?? {})) {
    const at = { text, path: ['shapes', name] };
    const first = shapes.get(name);
    if (first !== undefined)
      throw wrong(
        at,
        `shape \`${name}\` is already in \`${first.origin.file}\``,
        'give one of them another name',
      );
    const origin = originOf(at);
    shapes.set(name, { entry: shape, origin });
    findings.facts.push({
      kind: 'shape',
      subject: pathOf(name),
      set: shapeFacts(shape, at),
      confidence: 'stated',
      origin,
    });
  }
}

function shapeFacts(shape: ShapeEntry, at: At): Extract<Fact, { kind: 'shape' }>['set'] {
  const { machine: _, gpu = {}, gpus, gpuCount, nic = {}, nics, ...rest } = shape;
  if (gpus !== undefined && gpuCount !== undefined)
    throw wrong(at, 'both `gpus` and `gpuCount`', 'keep `gpus`; it says how many there are');
  const unplaced =
    gpuCount === undefined ? undefined : Array.from({ length: gpuCount }, (): GpuFacts => ({}));
  return known({
    ...rest,
    gpus: (gpus ?? unplaced)?.map((slot): GpuFacts => known({ ...gpu, ...slot })),
    nics: nics?.map((slot): NicFacts => known({ ...nic, ...slot })),
  });
}

function addSite(text: InventoryText, name: string, entry: SiteEntry, register: Register): void {
  const site = pathOf(name);
  const at: At = { text, path: ['sites', name] };
  const origin = register.claim('site', name, at);
  register.add({ kind: 'site', subject: site, set: siteFacts(entry), confidence: 'stated', origin });
  for (const [pool, facts] of Object.entries(entry.storage ?? {}))
    addPool({ text, path: [...at.path, 'storage', pool] }, pathOf(site, pool), facts, register);
  const holder: Holder = { at, site, inside: site, fabrics: [] };
  addFabric(holder, entry, register);
  for (const [hall, facts] of Object.entries(entry.halls ?? {}))
    addHall({ ...holder, at: { text, path: [...at.path, 'halls', hall] } }, hall, facts, register);
  addNodes({ ...holder, rack: undefined, letters: [], fabrics: [site] }, entry.nodes ?? [], register);
}

function addPool(at: At, subject: Path, facts: PoolEntry, register: Register): void {
  const origin = register.claim('place', subject, at);
  register.add({ kind: 'storage-pool', subject, set: known(facts), confidence: 'stated', origin });
}

function addHall(holder: Holder, name: string, entry: HallEntry, register: Register): void {
  const { feeds: _feeds, loops: _loops, spines: _spines, leafs: _leafs, racks: _racks, ...facts } = entry;
  const subject = pathOf(holder.site, name);
  const origin = register.claim('place', subject, holder.at);
  register.add({ kind: 'hall', subject, set: known(facts), confidence: 'stated', origin });
  addFabric({ ...holder, inside: subject, fabrics: [holder.site] }, entry, register);
}

function siteFacts(entry: SiteEntry): SiteFacts {
  const {
    certificates,
    gpuPricesEurPerHour,
    cpuPriceEurPerHour,
    storage: _storage,
    halls: _halls,
    nodes: _nodes,
    feeds: _feeds,
    loops: _loops,
    spines: _spines,
    leafs: _leafs,
    racks: _racks,
    ...facts
  } = entry;
  return known({
    ...facts,
    certificates: certificates?.map(({ scheme, validUntil }) => ({
      scheme,
      validUntilMs: Date.parse(validUntil),
    })),
    gpuPrices: gpuPricesEurPerHour === undefined ? undefined : inMicroEur(gpuPricesEurPerHour),
    cpuPriceMicroEurPerHour: cpuPriceEurPerHour === undefined ? undefined : microEurOf(cpuPriceEurPerHour),
  });
}

function inMicroEur(prices: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(prices).map(([model, eur]) => [model, microEurOf(eur) ?? 0]));
}

/** Where loops, leafs, racks or nodes are being read: what holds them, and where names are looked up. */
type Holder = {
  readonly at: At;
  readonly site: Path;
  readonly inside: Path;
  /** Places around this one whose feeds, loops, spines and leafs may be named too. */
  readonly fabrics: readonly Path[];
};

function addFabric(holder: Holder, entry: FabricEntry, register: Register): void {
  const { at, inside } = holder;
  const inPart = (part: string, name: string): At => ({ ...at, path: [...at.path, part, name] });
  const claimed = (kind: Named, name: string) => {
    const subject = pathOf(inside, name);
    const origin = register.claim('place', subject, inPart(`${kind}s`, name));
    register.claim(kind, subject, inPart(`${kind}s`, name));
    return { subject, origin, confidence: 'stated' } as const;
  };
  for (const [name, facts] of Object.entries(entry.feeds ?? {}))
    register.add({ kind: 'feed', set: known(facts), ...claimed('feed', name) });
  for (const [name, facts] of Object.entries(entry.loops ?? {}))
    register.add({ kind: 'loop', set: known(facts), ...claimed('loop', name) });
  for (const [name, facts] of Object.entries(entry.spines ?? {}))
    register.add({ kind: 'spine', set: known(facts), ...claimed('spine', name) });
  const fabrics = [inside, ...holder.fabrics];
  for (const [name, { uplinkMbps, spine }] of Object.entries(entry.leafs ?? {})) {
    const above = spine === undefined ? undefined : pathOf(inside, spine);
    const named = spine === undefined ? undefined : found('spine', spine, fabrics, register);
    const set = known({ uplinkMbps, spine: named ?? above });
    register.add({ kind: 'leaf', set, ...claimed('leaf', name) });
  }
  for (const [name, rack] of Object.entries(entry.racks ?? {}))
    addRack({ ...holder, at: inPart('racks', name), fabrics }, name, rack, register);
}

function addRack(holder: Holder, name: string, entry: RackEntry, register: Register): void {
  const { nodes, loop, feeds, ...facts } = entry;
  const subject = pathOf(holder.inside, name);
  const origin = register.claim('place', subject, holder.at);
  const feedsAt = { ...holder, at: { ...holder.at, path: [...holder.at.path, 'feeds'] } };
  const behind = Object.entries(feeds ?? {}).map(
    ([letter, feed]) => [letter, lookUp('feed', feed, { ...feedsAt, part: letter }, register)] as const,
  );
  const set = known({
    ...facts,
    feeds: feeds === undefined ? undefined : Object.fromEntries(behind),
    loop: loop === undefined ? undefined : lookUp('loop', loop, { ...holder, part: 'loop' }, register),
  });
  register.add({ kind: 'rack', subject, set, confidence: 'stated', origin });
  const letters = [...new Set([...Object.keys(feeds ?? {}), ...Object.keys(facts.feedLimitW ?? {})])];
  addNodes({ ...holder, rack: name, inside: subject, letters }, nodes ?? [], register);
}

/** What is defined once in a hall or site and named where it is used. */
type Named = 'feed' | 'loop' | 'spine' | 'leaf';

/** The feed, loop, spine or leaf of that name in the innermost of these places that has one. */
function found(what: Named, name: string, places: readonly Path[], register: Register): Path | undefined {
  return places.map((place) => pathOf(place, name)).find((path) => register.has(what, path));
}

/** The same in the place itself or around it. Throws where nobody has defined it. */
function lookUp(what: Named, name: string, holder: Holder & { part: string }, register: Register): Path {
  const path = found(what, name, holder.fabrics, register);
  if (path !== undefined) return path;
  const at = { ...holder.at, path: [...holder.at.path, holder.part] };
  throw wrong(at, `unknown ${what} \`${name}\``, `define it under \`${what}s\` of the hall or site`);
}

type NodeHolder = Holder & {
  readonly rack: string | undefined;
  /** The feeds of the rack. */
  readonly letters: readonly string[];
};

/** A letter that the rack does not have is a slip: it would be a feed of its own that never fails with another. */
function checkFeeds({ feeds = [] }: NodesEntry, { at, letters }: NodeHolder): void {
  const unknown = feeds.find((letter) => letters.length > 0 && !letters.includes(letter));
  if (unknown === undefined) return;
  throw wrong(
    { ...at, path: [...at.path, 'feeds'] },
    `unknown feed \`${unknown}\``,
    `the rack has ${letters.join(', ')}; add it to its \`feeds\` or \`feedLimitW\``,
  );
}

function addNodes(holder: NodeHolder, groups: readonly NodesEntry[], register: Register): void {
  for (const [index, group] of groups.entries()) {
    const at: At = { ...holder.at, path: [...holder.at.path, 'nodes', index] };
    const names = expandNames(group.names);
    if (names === undefined)
      throw wrong(
        { ...at, path: [...at.path, 'names'] },
        `\`${cleanText(String(group.names), 80)}\` are no names`,
        'write one name, a range such as `n01..n04`, or a list of both; at most 10,000',
      );
    const own = { ...holder, at };
    checkFeeds(group, own);
    checkAliases(group, names, own);
    const said = { facts: nodeFacts(group, own, register), nics: nicLeafs(group, own, register) };
    for (const name of names) addNode(own, { name, group, said }, register);
  }
}

/** An alias for a name that the group does not have is a slip: it would settle nothing. */
function checkAliases({ aliases = {} }: NodesEntry, names: readonly string[], { at }: NodeHolder): void {
  const all = new Set(names);
  const unknown = Object.keys(aliases).find((name) => !all.has(name));
  if (unknown === undefined) return;
  throw wrong(
    { ...at, path: [...at.path, 'aliases', unknown] },
    `unknown node \`${unknown}\``,
    'aliases stand by a name of the same group',
    didYouMean(unknown, names),
  );
}

function cleanAliases(aliases: readonly string[]): string[] {
  return [...new Set(aliases.map((alias) => cleanText(alias, 200)))];
}

function nodeFacts(group: NodesEntry, holder: NodeHolder, register: Register): NodeFacts {
  const {
    names: _names,
    prefix: _prefix,
    nics: _nics,
    aliases: _aliases,
    leaf,
    island,
    warrantyUntil,
    endOfLife,
    ...facts
  } = group;
  const shapeAt = { ...holder.at, path: [...holder.at.path, 'shape'] };
  const shape = group.shape === undefined ? undefined : register.shape(group.shape, shapeAt);
  return known({
    ...facts,
    machine: facts.machine ?? shape?.machine,
    leaf: leaf === undefined ? undefined : lookUp('leaf', leaf, { ...holder, part: 'leaf' }, register),
    island: island === undefined ? undefined : pathOf(holder.inside, island),
    warrantyUntilMs: warrantyUntil === undefined ? undefined : Date.parse(warrantyUntil),
    endOfLifeMs: endOfLife === undefined ? undefined : Date.parse(endOfLife),
  });
}

/** The leafs on which single NICs hang, by the numbers of the NICs. */
function nicLeafs(group: NodesEntry, holder: NodeHolder, register: Register): ReadonlyMap<number, Path> {
  const leafs = (group.nics ?? []).entries().flatMap(([index, { leaf }]) => {
    const at = { ...holder.at, path: [...holder.at.path, 'nics', index] };
    return leaf === undefined
      ? []
      : [[index, lookUp('leaf', leaf, { ...holder, at, part: 'leaf' }, register)] as const];
  });
  return new Map(leafs);
}

/** A node of a group, and what the group says about each of its nodes. */
type Described = {
  readonly name: string;
  readonly group: NodesEntry;
  readonly said: { readonly facts: NodeFacts; readonly nics: ReadonlyMap<number, Path> };
};

function addNode(holder: NodeHolder, { name, group, said }: Described, register: Register): void {
  const { at, site, rack, inside } = holder;
  const subject = pathOf(inside, name);
  const origin = register.claimNode(subject, at);
  const prefix = group.prefix ?? [site, rack, ''].filter((part) => part !== undefined).join('-');
  const hostName = `${prefix}${name}`;
  register.claim(`host name of ${site}`, hostName, at);
  const aliases = group.aliases?.[name];
  const set = {
    hostName,
    ...said.facts,
    ...(aliases === undefined ? {} : { aliases: cleanAliases(aliases) }),
  };
  register.add({ kind: 'node', subject, set, confidence: 'stated', origin });
  for (const [index, leaf] of said.nics)
    register.add({
      kind: 'nic',
      subject: pathOf(subject, `nic${index}`),
      set: { leaf },
      confidence: 'stated',
      origin,
    });
}

function addWan(text: InventoryText, register: Register): void {
  for (const [index, { from, to, ...facts }] of (text.value.wan ?? []).entries()) {
    const at: At = { text, path: ['wan', index] };
    const subject = pathOf(from, `wan-${to}`);
    const origin = register.claim('WAN link', subject, at);
    const set = known({ from: pathOf(from), to: pathOf(to), ...facts });
    register.add({ kind: 'wan-link', subject, set, confidence: 'stated', origin });
    for (const site of [from, to]) {
      if (!register.has('site', site))
        register.leaveOpen(subject, 'site', `the site \`${site}\` is not in this import`, origin);
    }
  }
}
