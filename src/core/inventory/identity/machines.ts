import {
  type Fact,
  type GpuFacts,
  type NicFacts,
  type Observation,
  type SourceName,
  unplaced,
} from '../../../model/fact.ts';
import { parentOf, type Path, siteOf } from '../../../model/id.ts';
import type { Claims } from '../claims.ts';
import {
  aliasIdentifier,
  gpuIdentifier,
  type Identifier,
  identifiersOf,
  nameIdentifier,
} from './identifiers.ts';

/** A machine and everything that tells it from others: one in the inventory, or one that a source speaks of. */
export type Machine = {
  readonly path: Path;
  /** Who says so, for each identifier. */
  readonly stated: Map<Identifier, Set<SourceName>>;
  /** What the operator wrote down as another name of it: settles what identifiers alone leave open. */
  readonly decided: Set<Identifier>;
  /** Single devices, by number; several sources may speak of one. */
  readonly gpus: Map<number, DeviceWord<GpuFacts>[]>;
  readonly nics: Map<number, DeviceWord<NicFacts>[]>;
  /** The facts about it and its devices, in the order they were given. */
  readonly facts: { readonly fact: Fact; readonly source: SourceName }[];
};

export type DeviceWord<T> = { readonly source: SourceName; readonly set: T };

/** The machines of the inventory, by path. */
export function machinesOfClaims(claims: Claims): ReadonlyMap<Path, Machine> {
  const machines = new Map<Path, Machine>();
  for (const said of claims.values()) for (const { fact, source } of said) add(machines, fact, source);
  return finished(machines);
}

/** The machines that one observation speaks of, by the subjects that the source gave them. */
export function machinesOfObservation({ facts, source }: Observation): ReadonlyMap<Path, Machine> {
  const machines = new Map<Path, Machine>();
  for (const fact of facts) add(machines, fact, source);
  return finished(machines);
}

/** The machine that a fact is about; nothing for facts about places, switches or shapes. */
export function machineOf(fact: Fact): Path | undefined {
  if (fact.kind === 'node') return fact.subject;
  return fact.kind === 'gpu' || fact.kind === 'nic' ? parentOf(fact.subject) : undefined;
}

/** The number at the end of a device's path. */
export function deviceNumber(subject: Path): number | undefined {
  const digits = /\/(?:gpu|nic)(\d{1,2})$/u.exec(subject)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The site it is said to stand in; nothing where its source does not know. */
export function siteOfMachine({ path }: Machine): Path | undefined {
  const site = siteOf(path);
  return site === unplaced ? undefined : site;
}

/** Its identifiers of one kind. */
export function identifiers(machine: Machine, kind: string): readonly Identifier[] {
  return [...machine.stated.keys()].filter((identifier) => identifier.startsWith(`${kind}:`));
}

function add(machines: Map<Path, Machine>, fact: Fact, source: SourceName): void {
  const path = machineOf(fact);
  if (path === undefined) return;
  const machine = machines.get(path) ?? emptyMachine(path);
  machines.set(path, machine);
  machine.facts.push({ fact, source });
  if (fact.kind === 'node') {
    for (const identifier of identifiersOf(fact.set)) state(machine, identifier, source);
    for (const alias of fact.set.aliases ?? []) addAlias(machine, alias, source);
  }
  const number = deviceNumber(fact.subject);
  if (number === undefined) return;
  if (fact.kind === 'gpu') {
    const identifier = fact.set.uuid === undefined ? undefined : gpuIdentifier(fact.set.uuid);
    if (identifier !== undefined) state(machine, identifier, source);
    machine.gpus.set(number, [...(machine.gpus.get(number) ?? []), { source, set: fact.set }]);
  }
  if (fact.kind === 'nic')
    machine.nics.set(number, [...(machine.nics.get(number) ?? []), { source, set: fact.set }]);
}

function emptyMachine(path: Path): Machine {
  return { path, stated: new Map(), decided: new Set(), gpus: new Map(), nics: new Map(), facts: [] };
}

function addAlias(machine: Machine, alias: string, source: SourceName): void {
  const identifier = aliasIdentifier(alias);
  if (identifier === undefined) return;
  state(machine, identifier, source);
  if (source === 'inventory') machine.decided.add(identifier);
}

function state(machine: Machine, identifier: Identifier, source: SourceName): void {
  const known = machine.stated.get(identifier);
  if (known === undefined) machine.stated.set(identifier, new Set([source]));
  else known.add(source);
}

/** A machine that nobody gave a host name has the one its path was made of: `fra1/n01`, `unplaced/n01`. */
function finished(machines: ReadonlyMap<Path, Machine>): ReadonlyMap<Path, Machine> {
  for (const machine of machines.values()) {
    const [, name, ...deeper] = machine.path.split('/');
    if (name === undefined || deeper.length > 0 || identifiers(machine, 'name').length > 0) continue;
    const identifier = nameIdentifier(name);
    const source = machine.facts[0]?.source;
    if (identifier !== undefined && source !== undefined) state(machine, identifier, source);
  }
  return machines;
}
