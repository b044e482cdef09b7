import type { Demand } from '../../../model/demand.ts';
import { edgeKey } from '../../calendar/edges.ts';
import type { FleetNode } from '../../inventory/fleet.ts';
import type { Want } from '../want.ts';
import type { EdgeRooms, Fabric } from './edge-rooms.ts';
import { mostOfReplica } from './flows.ts';
import { uplinkMbpsOf } from './uplink.ts';

const nothing: ReadonlyMap<string, number> = new Map();

/** What is left of the fabrics' edges while a gang is put down. Belongs to one bench and is copied with it. */
export class FabricBench {
  readonly #rooms: EdgeRooms;
  readonly #demand: Demand;
  /** Shared with the bench it was copied from until something is taken. */
  #taken: ReadonlyMap<string, number>;
  /** Every replica holds the most it may put on data NICs, as if all it talks to stood on other nodes. */
  readonly #wary: boolean;
  /** Leafs that the parts with an uplink budget stand on so far, added up. */
  #leafs: number;

  constructor(rooms: EdgeRooms, demand: Demand, from?: FabricBench | 'wary') {
    const before = from === 'wary' ? undefined : from;
    this.#rooms = rooms;
    this.#demand = demand;
    this.#taken = before?.taken ?? nothing;
    this.#wary = from === 'wary' || before?.isWary === true;
    this.#leafs = before?.leafs ?? 0;
  }

  fork(): FabricBench {
    return new FabricBench(this.#rooms, this.#demand, this);
  }

  /** Becomes what a copy of it has become since. */
  adopt(copy: FabricBench): void {
    this.#taken = copy.taken;
    this.#leafs = copy.leafs;
  }

  get taken(): ReadonlyMap<string, number> {
    return this.#taken;
  }

  get isWary(): boolean {
    return this.#wary;
  }

  get leafs(): number {
    return this.#leafs;
  }

  get rooms(): EdgeRooms {
    return this.#rooms;
  }

  uplinkMbps({ part }: Want): number {
    return uplinkMbpsOf(this.#demand, part.name);
  }

  /** Mbit/s that neither the calendar nor the gang has taken; 0 where nobody knows. */
  left(fabric: Fabric, edge: string): number {
    return Math.max(0, (this.#rooms.left(fabric, edge) ?? 0) - (this.#taken.get(edgeKey(fabric, edge)) ?? 0));
  }

  /** Takes the uplinks of one part that stands on so many leafs. */
  takeUplinks(held: ReadonlyMap<string, number>, leafs: number): void {
    for (const [edge, mbps] of held) this.#take('rdma', edge, mbps);
    this.#leafs += leafs;
  }

  /** Replicas whose flows the data NICs of a node still carry. */
  replicasLeft(node: FleetNode, { part }: Want): number {
    const each = this.#wary ? mostOfReplica(this.#demand, part.name) : 0;
    return each === 0 ? Infinity : Math.floor(this.left('data', node.id) / each);
  }

  stand(node: FleetNode, { part }: Want): void {
    const each = this.#wary ? mostOfReplica(this.#demand, part.name) : 0;
    if (each > 0) this.#take('data', node.id, each);
  }

  #take(fabric: Fabric, edge: string, mbps: number): void {
    const key = edgeKey(fabric, edge);
    this.#taken = new Map(this.#taken).set(key, (this.#taken.get(key) ?? 0) + mbps);
  }
}
