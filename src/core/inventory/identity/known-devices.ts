import type { GpuFacts, NicFacts, ShapeFacts, SourceName } from '../../../model/fact.ts';
import { Path } from '../../../model/id.ts';
import { type Claim, type Claims, subjectKey } from '../claims.ts';
import { byPrecedence } from '../precedence.ts';
import type { Devices } from './devices.ts';
import type { DeviceWord, Machine } from './machines.ts';

/** The devices of a known machine: those described one by one, and those of its shape. */
export type KnownDevices = { readonly gpus: Devices<GpuFacts>; readonly nics: Devices<NicFacts> };

export function knownDevices(machine: Machine, claims: Claims): KnownDevices {
  const shape = shapeOf(machine, claims);
  if (shape === undefined) return machine;
  return {
    gpus: withSlots(machine.gpus, shape.set.gpus ?? [], shape.source),
    nics: withSlots(machine.nics, shape.set.nics ?? [], shape.source),
  };
}

/** The same without the words of one source: what it says now takes their place. */
export function saidByOthers({ gpus, nics }: KnownDevices, source: SourceName): KnownDevices {
  return { gpus: without(gpus, source), nics: without(nics, source) };
}

function shapeOf(
  { path }: Machine,
  claims: Claims,
): { readonly set: ShapeFacts; readonly source: SourceName } | undefined {
  const said = shapeClaimOf(claims, path);
  return said?.fact.kind === 'shape' ? { set: said.fact.set, source: said.source } : undefined;
}

/** What is said about the shape that a node is of. */
export function shapeClaimOf(claims: Claims, node: Path): Claim | undefined {
  const name = byPrecedence(claims.get(subjectKey('node', node)) ?? [])
    .map(({ fact }: Claim) => (fact.kind === 'node' ? fact.set.shape : undefined))
    .find((shape) => shape !== undefined);
  if (name === undefined) return undefined;
  return byPrecedence(claims.get(subjectKey('shape', Path.parse(name))) ?? [])[0];
}

function withSlots<T extends GpuFacts | NicFacts>(
  devices: Devices<T>,
  slots: readonly T[],
  source: SourceName,
): Devices<T> {
  if (slots.length === 0) return devices;
  const all = new Map<number, readonly DeviceWord<T>[]>(devices);
  for (const [number, set] of slots.entries())
    all.set(number, [...(devices.get(number) ?? []), { source, set }]);
  return all;
}

function without<T extends GpuFacts | NicFacts>(devices: Devices<T>, source: SourceName): Devices<T> {
  return new Map(
    [...devices].flatMap(([number, said]) => {
      const others = said.filter((word) => word.source !== source);
      return others.length === 0 ? [] : [[number, others] as const];
    }),
  );
}
