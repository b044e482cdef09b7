import { type Room, roomOf } from '../calendar/calendar.ts';
import type { Fleet, FleetNode } from '../inventory/fleet.ts';
import { kindsOf } from './kinds.ts';

/** By the number of the kind. */
const known = new WeakMap<Fleet, Room[]>();

/** What is left of a node on which nothing is held: the same for all nodes of a kind. */
export function emptyRoom(fleet: Fleet, node: FleetNode): Room {
  const rooms = known.get(fleet) ?? [];
  if (rooms.length === 0) known.set(fleet, rooms);
  return (rooms[kindsOf(fleet).of[node.index] ?? -1] ??= roomOf(node, [], 0, 0));
}
