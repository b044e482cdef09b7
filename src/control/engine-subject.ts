import { boundContract, boundWindow, standingOfSubject } from '../core/binding/subject.ts';
import { nodesIn } from '../core/calendar/calendar.ts';
import { tenuresOf } from '../core/calendar/holding.ts';
import type { FleetNode } from '../core/inventory/fleet.ts';
import type { Maintenance, State } from '../core/state.ts';
import type { EngineNode, EngineSubject } from '../engines/port.ts';
import type { Subject } from '../model/binding.ts';
import type { Contract } from '../model/contract.ts';
import type { Path } from '../model/id.ts';
import { type Placement, seatsOf } from '../model/placement.ts';
import { standsIn } from '../model/standing.ts';
import type { Door } from './door.ts';
import { placeNamed } from './place-name.ts';

/**
 * What an engine is told of a subject at `nowMs`: what of it stands in the places that the engine serves (everywhere
 * when there are none), with the facts of its nodes. Nothing once the subject has ended, or where none of it is there.
 */
export function engineSubject(
  state: State,
  subject: Subject,
  { places, nowMs }: { readonly places: readonly Path[]; readonly nowMs: number },
): EngineSubject | undefined {
  if (standingOfSubject(state, subject, nowMs)?.stands !== true) return undefined;
  const contract = boundContract(state, subject);
  if (contract !== undefined) return grantedSubject(state, contract, { places, nowMs });
  const window = boundWindow(state, subject);
  return window === undefined ? undefined : closedSubject(state, window, places);
}

function grantedSubject(
  state: State,
  contract: Contract,
  { places, nowMs }: { readonly places: readonly Path[]; readonly nowMs: number },
): EngineSubject | undefined {
  const [placement, ...upcoming] = placementsFrom(contract, nowMs).flatMap((held) =>
    within(state, held, places),
  );
  if (placement === undefined) return undefined;
  const { id, version, tenant, demand, terms } = contract;
  const seats = [placement, ...upcoming].flatMap((held) => seatsOf(held));
  const nodes = [...new Set(seats.map(({ node }) => node))].flatMap(
    (node) => state.fleet.nodeById.get(node) ?? [],
  );
  const own = { id, version, tenant, demand, terms };
  return { kind: 'contract', ...own, placement, upcoming, nodes: byId(nodes) };
}

/** What it holds now or first, and what takes over later, each until the next one does. */
function placementsFrom(contract: Contract, nowMs: number): readonly Placement[] {
  return tenuresOf(contract).flatMap(({ holding: { placement }, untilMs }) => {
    const endMs = Math.min(placement.endMs ?? Infinity, untilMs);
    if (endMs <= nowMs || endMs <= placement.startMs) return [];
    const { endMs: _end, ...rest } = placement;
    return [Number.isFinite(endMs) ? { ...rest, endMs } : rest];
  });
}

function within(state: State, placement: Placement, places: readonly Path[]): readonly Placement[] {
  if (places.length === 0) return [placement];
  const isIn = ({ node: id }: { readonly node: Path }) => {
    const node = state.fleet.nodeById.get(id);
    return node !== undefined && places.some((place) => standsIn(node, place));
  };
  const { members, spares, bandwidth: _bandwidth, transfers: _transfers, ...rest } = placement;
  const own = members.filter(isIn);
  const ownSpares = spares?.filter(isIn) ?? [];
  if (own.length + ownSpares.length === 0) return [];
  // Where only spares stand, an engine is handed what would run there: nobody else is left to, once they are needed.
  if (own.length === 0) return [{ ...rest, members: ownSpares }];
  return [{ ...rest, members: own, ...(ownSpares.length === 0 ? {} : { spares: ownSpares }) }];
}

function closedSubject(
  state: State,
  { id, place, fromMs, toMs, cancelledAtMs }: Maintenance,
  places: readonly Path[],
): EngineSubject | undefined {
  const nodes = nodesIn(state.fleet, place).filter(
    (node) => places.length === 0 || places.some((one) => standsIn(node, one)),
  );
  if (nodes.length === 0) return undefined;
  const version = cancelledAtMs === undefined ? 1 : 2;
  return { kind: 'maintenance', id, version, fromMs, toMs, nodes: byId(nodes) };
}

function byId(nodes: readonly FleetNode[]): ReadonlyMap<Path, EngineNode> {
  return new Map(nodes.map((node) => [node.id, engineNode(node)]));
}

/** The nodes of a place, or all of them, in the order of their paths. */
export async function listEngineNodes(door: Door, place: string | undefined): Promise<readonly EngineNode[]> {
  const { state } = await door.moment();
  const { fleet } = state;
  const nodes = place === undefined ? fleet.nodes : nodesIn(fleet, placeNamed(state, place));
  return nodes.map(engineNode);
}

/** A node of the inventory as engines meet it. */
function engineNode({ id, hostName, facts, shape, leaf, spine }: FleetNode): EngineNode {
  const { gpus, nics, cpuMilli, memoryMib, numaNodes } = shape;
  return {
    id,
    hostName,
    facts,
    gpus,
    nics,
    ...(cpuMilli === undefined ? {} : { cpuMilli }),
    ...(memoryMib === undefined ? {} : { memoryMib }),
    ...(numaNodes === undefined ? {} : { numaNodes }),
    ...(leaf === undefined ? {} : { leaf }),
    ...(spine === undefined ? {} : { spine }),
  };
}
