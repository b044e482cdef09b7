import { type SourceName, unplaced } from '../../../model/fact.ts';
import { type Path, siteOf } from '../../../model/id.ts';
import { compareText } from '../../../model/text.ts';
import { type Identifier, identifierWords, kindOf, shortName, valueOf, worded } from './identifiers.ts';
import { identifiers, type Machine, siteOfMachine } from './machines.ts';

/** Where an observed machine stands in the inventory, or why that cannot be said. */
export type Match =
  | {
      readonly kind: 'known';
      readonly path: Path;
      readonly isDecided: boolean;
      readonly changed: readonly Change[];
    }
  | { readonly kind: 'new' }
  | { readonly kind: 'unplaced' }
  | { readonly kind: 'contradiction'; readonly known: readonly Path[]; readonly why: string };

/** A source that takes back its own earlier word about which machine stands somewhere. */
type Change = { readonly from: Identifier; readonly to: Identifier };

/** The known machines by everything that identifies one. */
export type KnownMachines = {
  readonly byPath: ReadonlyMap<Path, Machine>;
  readonly by: ReadonlyMap<Identifier, readonly Machine[]>;
  readonly byShortName: ReadonlyMap<string, readonly Machine[]>;
  readonly byDecision: ReadonlyMap<Identifier, readonly Machine[]>;
};

export function knownMachines(byPath: ReadonlyMap<Path, Machine>): KnownMachines {
  const by = new Map<Identifier, Machine[]>();
  const byShortName = new Map<string, Machine[]>();
  const byDecision = new Map<Identifier, Machine[]>();
  for (const machine of byPath.values()) {
    for (const identifier of machine.stated.keys()) push(by, identifier, machine);
    for (const identifier of machine.decided) push(byDecision, identifier, machine);
    const names = identifiers(machine, 'name').map((name) => shortName(valueOf(name)));
    for (const name of new Set(names)) push(byShortName, name, machine);
  }
  return { byPath, by, byShortName, byDecision };
}

/**
 * The known machine that an observed one is. In this order: what the operator decided by an alias; numbers that
 * machines carry (system UUID, serial number, UUIDs of GPUs); its path; its host name within the site. Whatever of
 * these points elsewhere, or differs from what other sources know of the same machine, is a contradiction: then
 * nothing is chosen.
 */
export function matchMachine(machine: Machine, known: KnownMachines, source: SourceName): Match {
  const decided = decidedFor(machine, known);
  if (decided.length > 1) return pointsTo(decided, 'aliases of the inventory name several machines for it');
  if (decided[0] !== undefined) return { kind: 'known', path: decided[0].path, isDecided: true, changed: [] };
  const carried = carriedBy(machine, known);
  const named = namedBy(machine, known);
  const all = [...new Set([...carried, ...named])];
  const [only, ...others] = all;
  if (only === undefined) return siteOf(machine.path) === unplaced ? { kind: 'unplaced' } : { kind: 'new' };
  if (others.length > 0) return pointsTo(all, whySeveral(machine, all));
  const why = contradictionOf(machine, only, { source, isNamed: named.length > 0 });
  if (why !== undefined) return pointsTo([only], why);
  return { kind: 'known', path: only.path, isDecided: false, changed: changesOf(machine, only) };
}

function push<K>(map: Map<K, Machine[]>, key: K, machine: Machine): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [machine]);
  else known.push(machine);
}

function pointsTo(machines: readonly Machine[], why: string): Match {
  return { kind: 'contradiction', known: machines.map(({ path }) => path).toSorted(compareText), why };
}

/** Aliases count from both sides: those of known machines, and those of the inventory that is being read. */
function decidedFor(machine: Machine, known: KnownMachines): readonly Machine[] {
  const hits = [
    ...[...machine.stated.keys()].flatMap((identifier) => known.byDecision.get(identifier) ?? []),
    ...[...machine.decided].flatMap((identifier) => known.by.get(identifier) ?? []),
  ];
  const own = machine.decided.size > 0 ? known.byPath.get(machine.path) : undefined;
  return [...new Set([...hits, ...(own === undefined ? [] : [own])])].filter((other) =>
    isNear(machine, other),
  );
}

function carriedBy(machine: Machine, known: KnownMachines): readonly Machine[] {
  const carried = [...machine.stated.keys()].filter((identifier) => kindOf(identifier) !== 'name');
  return [...new Set(carried.flatMap((identifier) => known.by.get(identifier) ?? []))];
}

/** By its path or host name as written; by the short form of the name only where nothing has it as written. */
function namedBy(machine: Machine, known: KnownMachines): readonly Machine[] {
  const names = identifiers(machine, 'name');
  const here = known.byPath.get(machine.path);
  const exact = names.flatMap((name) => known.by.get(name) ?? []).filter((other) => isNear(machine, other));
  const found = [...new Set([...(here === undefined ? [] : [here]), ...exact])];
  if (found.length > 0) return found;
  const loose = names.flatMap((name) => {
    const text = valueOf(name);
    return (known.byShortName.get(shortName(text)) ?? []).filter((other) => mayBeCalled(other, text));
  });
  return [...new Set(loose.filter((other) => isNear(machine, other)))];
}

/** `n01` may be `n01.a.example`, which is never `n01.b.example`. */
function mayBeCalled(machine: Machine, name: string): boolean {
  const short = shortName(name);
  if (name === short) return true;
  const names = identifiers(machine, 'name').map(valueOf);
  return names.includes(short) && names.every((other) => other === shortName(other));
}

function isNear(machine: Machine, other: Machine): boolean {
  const site = siteOfMachine(machine);
  return site === undefined || site === siteOf(other.path);
}

function whySeveral(machine: Machine, all: readonly Machine[]): string {
  const parts = all.map((other) => {
    const shared = [...machine.stated.keys()].filter((identifier) => other.stated.has(identifier));
    return `${shared.length === 0 ? 'its name' : shared.slice(0, 3).map(worded).join(', ')} ${shared.length > 1 ? 'belong' : 'belongs'} to ${other.path}`;
  });
  return parts.slice(0, 4).join('; ');
}

/** What is known of a machine by other sources and denied by this one. */
function contradictionOf(
  machine: Machine,
  other: Machine,
  { source, isNamed }: { readonly source: SourceName; readonly isNamed: boolean },
): string | undefined {
  if (!isNear(machine, other))
    return `it is known at ${siteOf(other.path)}, and this says ${siteOf(machine.path)}`;
  const differing = (['uuid', 'serial'] as const).find((kind) => differs(machine, other, { kind, source }));
  if (differing !== undefined) return whyDiffers(machine, other, differing);
  const names = identifiers(other, 'name');
  if (!isNamed && names.length > 0 && identifiers(machine, 'name').length > 0)
    return `${sharedWords(machine, other)} with ${other.path}, but the host names differ: ${namesOf(machine)} here, ${namesOf(other)} there`;
  const carries = identifiers(machine, 'gpu').some((gpu) => other.stated.has(gpu));
  if (!carries && !agrees(machine, other) && differs(machine, other, { kind: 'gpu', source }))
    return whyDiffers(machine, other, 'gpu');
  return undefined;
}

/** Whether other sources know identifiers of that kind, and none of them is the machine's. */
function differs(
  machine: Machine,
  other: Machine,
  { kind, source }: { readonly kind: 'uuid' | 'serial' | 'gpu'; readonly source: SourceName },
): boolean {
  const own = identifiers(machine, kind);
  const theirs = identifiers(other, kind);
  if (own.some((identifier) => other.stated.has(identifier))) return false;
  return own.length > 0 && theirs.some((identifier) => isSaidByAnother(other, identifier, source));
}

function isSaidByAnother(machine: Machine, identifier: Identifier, source: SourceName): boolean {
  return [...(machine.stated.get(identifier) ?? [])].some((teller) => teller !== source);
}

/** Whether both carry the same system UUID or serial number. */
function agrees(machine: Machine, other: Machine): boolean {
  return [...identifiers(machine, 'uuid'), ...identifiers(machine, 'serial')].some((identifier) =>
    other.stated.has(identifier),
  );
}

/** Numbers that only this source has told, and tells otherwise now. */
function changesOf(machine: Machine, other: Machine): readonly Change[] {
  return (['uuid', 'serial'] as const).flatMap((kind) => {
    const [to] = identifiers(machine, kind);
    const theirs = identifiers(other, kind);
    const [from] = theirs;
    return to === undefined || from === undefined || theirs.includes(to) ? [] : [{ from, to }];
  });
}

function whyDiffers(machine: Machine, other: Machine, kind: 'uuid' | 'serial' | 'gpu'): string {
  const list = (of: Machine) => listOf(identifiers(of, kind).map(valueOf));
  return `it is called like ${other.path}, but the ${identifierWords[kind]} differs: ${list(machine)} here, ${list(other)} there`;
}

function sharedWords(machine: Machine, other: Machine): string {
  const shared = [...machine.stated.keys()].filter((identifier) => other.stated.has(identifier));
  return `it shares ${listOf(shared.map(worded))}`;
}

function namesOf(machine: Machine): string {
  return listOf(identifiers(machine, 'name').map(valueOf));
}

function listOf(items: readonly string[]): string {
  const more = items.length > 2 ? ` and ${items.length - 2} more` : '';
  return `${items.slice(0, 2).join(', ')}${more}`;
}
