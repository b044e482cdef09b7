import { type Calendar, type Hold, type Room, roomOf } from '../calendar/calendar.ts';
import { kindsOf } from '../index/kinds.ts';
import { type Packed, packedOf } from '../index/packed.ts';
import { peaksIn } from '../index/peaks-in.ts';
import type { Window } from '../index/window.ts';
import type { Fleet, FleetNode, NodeShape } from '../inventory/fleet.ts';
import { both, firstBits, type Mask, sizeOf, without } from '../mask.ts';
import type { Left, Scarcity } from '../packing/judge.ts';
import type { NodeCapacity } from '../packing/nodes.ts';
import type { Supply } from '../packing/pressure.ts';
import { wholeGpuMilli } from '../packing/shape.ts';
import type { State } from '../state.ts';
import type { TimeSpan } from './rooms.ts';

/** Stands for cores or memory that nobody has recorded: more than anybody asks for. */
const unrecorded = 2 ** 30;

/** What a fleet has, as packing counts it: models by number, the last one for nodes without GPUs. */
export type Stock = Supply & {
  /** The number of the model of which a node has most GPUs, by its index. */
  readonly mainModel: Int32Array;
  /** GPUs of a shape by the number of the model. */
  readonly masks: ReadonlyMap<NodeShape, readonly Mask[]>;
};

const stocks = new WeakMap<Fleet, Stock>();

export function stockOf(fleet: Fleet): Stock {
  const known = stocks.get(fleet) ?? made(fleet);
  stocks.set(fleet, known);
  return known;
}

function made(fleet: Fleet): Stock {
  const models = [...fleet.models, ''];
  const modelCapacity = new Float64Array(models.length);
  for (const { shape } of fleet.nodes)
    for (const [model, name] of models.entries())
      modelCapacity[model] = (modelCapacity[model] ?? 0) + sizeOf(gpusOf(shape, name)) * wholeGpuMilli;
  const mainModel = Int32Array.from(fleet.nodes, ({ shape }) => mainModelOf(shape, models));
  const shapes = new Set(fleet.nodes.map(({ shape }) => shape));
  const masks = new Map(
    [...shapes].map((shape) => [shape, models.map((model) => gpusOf(shape, model))] as const),
  );
  return { models, modelCapacity, capacities: capacitiesOf(fleet, models), mainModel, masks };
}

/** One for each kind of node and model: what a single node can hold. */
function capacitiesOf(fleet: Fleet, models: readonly string[]): readonly NodeCapacity[] {
  return kindsOf(fleet).examples.flatMap(({ id, index, shape }) =>
    models.flatMap((model) => {
      const gpuCount = sizeOf(gpusOf(shape, model));
      const { cpuMilli = unrecorded, memoryMib = unrecorded } = shape;
      return gpuCount === 0 ? [] : [{ id, rank: index, cpuMilli, memoryMib, gpuCount, model }];
    }),
  );
}

function mainModelOf(shape: NodeShape, models: readonly string[]): number {
  let main = models.length - 1;
  let most = 0;
  for (const [model, name] of models.entries()) {
    const count = sizeOf(gpusOf(shape, name));
    if (count > most) [main, most] = [model, count];
  }
  return main;
}

function gpusOf({ models }: NodeShape, name: string): Mask {
  return models.find(({ model }) => model === name)?.mask ?? 0;
}

/** What nodes have left over a span, in the words of packing. */
export class Leftovers {
  readonly #state: State;
  readonly #span: TimeSpan;
  readonly #stock: Stock;
  readonly #packed: Packed | undefined;
  readonly #window: Window | undefined;

  /** `isPlain`: from the calendar itself, without an index. */
  constructor(state: State, span: TimeSpan, isPlain: boolean) {
    this.#state = state;
    this.#span = span;
    this.#stock = stockOf(state.fleet);
    this.#packed = isPlain ? undefined : packedOf(state);
    this.#window = this.#packed?.window(span);
  }

  /** Of a node's GPUs of one model, by default the one of which it has most. */
  of(node: FleetNode, model = this.#stock.mainModel[node.index] ?? 0): Left {
    const gpus = this.#stock.masks.get(node.shape)?.[model] ?? 0;
    const packed = this.#packed;
    const window = this.#window;
    if (packed === undefined || window === undefined || (packed.slicing[node.index] ?? 0) > 0)
      return leftIn(this.#roomOn(node), node, { model, gpus });
    const free = without(both(gpus, usable(node)), window.takenOn(node.index));
    const held = window.isFree(node.index) ? nothingHeld : peaksIn(packed, node.index, this.#span);
    const full = milliOf(node.shape);
    return {
      model,
      wholeGpus: full === wholeGpuMilli ? sizeOf(free) : 0,
      parts:
        full === wholeGpuMilli || full === 0 ? noParts : Array.from({ length: sizeOf(free) }, () => full),
      cpuMilli: node.shape.cpuMilli === undefined ? unrecorded : node.shape.cpuMilli - held.cpuMilli,
      memoryMib: node.shape.memoryMib === undefined ? unrecorded : node.shape.memoryMib - held.memoryMib,
    };
  }

  /** GPU milli left of all of a node's GPUs of one model. */
  gpuMilliOn(node: FleetNode, model: number): number {
    const packed = this.#packed;
    if (packed === undefined || this.#window === undefined || (packed.slicing[node.index] ?? 0) > 0) {
      const { wholeGpus, parts } = this.of(node, model);
      return parts.reduce((sum, milli) => sum + milli, wholeGpus * wholeGpuMilli);
    }
    const gpus = this.#stock.masks.get(node.shape)?.[model] ?? 0;
    const free = without(both(gpus, usable(node)), this.#window.takenOn(node.index));
    return sizeOf(free) * milliOf(node.shape);
  }

  /** GPU milli left of each GPU of a node, by number; 0 for those of other models. */
  idleOn(node: FleetNode, model: number): readonly number[] {
    const gpus = this.#stock.masks.get(node.shape)?.[model] ?? 0;
    const room = this.#roomOn(node);
    return node.shape.gpus.map((_, gpu) => (((gpus >>> gpu) & 1) === 1 ? idleMilli(room, node, gpu) : 0));
  }

  #roomOn(node: FleetNode): Room {
    const holds = this.#state.calendar[node.index] ?? noHolds;
    const { startMs, endMs } = this.#span;
    if (this.#packed === undefined) return roomOf(node, holds, startMs, endMs);
    const known = rooms.get(holds);
    if (known?.node === node && known.startMs === startMs && known.endMs === endMs) return known.room;
    const room = roomOf(node, holds, startMs, endMs);
    if (holds !== noHolds) rooms.set(holds, { node, startMs, endMs, room });
    return room;
  }
}

const noHolds: readonly Hold[] = [];
const noParts: readonly number[] = [];
const nothingHeld = { cpuMilli: 0, memoryMib: 0 };

/** The span that was asked for last of a list of holds: lists never change, and most lists stay from state to state. */
const rooms = new WeakMap<readonly Hold[], TimeSpan & { readonly node: FleetNode; readonly room: Room }>();

function usable({ shape, downMask }: FleetNode): Mask {
  return without(firstBits(shape.gpus.length), downMask);
}

function leftIn(room: Room, node: FleetNode, { model, gpus }: { model: number; gpus: Mask }): Left {
  let wholeGpus = 0;
  const parts: number[] = [];
  for (let gpu = 0; gpu < node.shape.gpus.length; gpu++) {
    if (((gpus >>> gpu) & 1) === 0) continue;
    const milli = idleMilli(room, node, gpu);
    if (milli === wholeGpuMilli) wholeGpus++;
    else if (milli > 0) parts.push(milli);
  }
  const { cpuMilli, memoryMib } = node.shape;
  return {
    model,
    wholeGpus,
    parts,
    cpuMilli: cpuMilli === undefined ? unrecorded : room.cpuMilli,
    memoryMib: memoryMib === undefined ? unrecorded : room.memoryMib,
  };
}

/** A GPU that is cut by MIG has nothing left that others could use: `wear` says what its slices spoil. */
function idleMilli(room: Room, { shape }: FleetNode, gpu: number): number {
  const full = milliOf(shape);
  const use = room.partly.get(gpu);
  if (use !== undefined) return use.mig === 0 && full > 0 ? Math.max(0, wholeGpuMilli - use.milli) : 0;
  return ((room.gpus >>> gpu) & 1) === 1 ? full : 0;
}

/** What an idle GPU counts as: never whole where it is set up for shares, nothing where it is cut by MIG. */
export function milliOf({ whole, sharing }: NodeShape): number {
  if (whole === 'yes') return wholeGpuMilli;
  return sharing === 'time-slicing' || sharing === 'mps' ? wholeGpuMilli - 1 : 0;
}

/** What was counted of an instant; cores only once somebody has asked for them. */
type Counts = { gpus?: Float64Array; cores?: Float64Array };

const byWindow = new WeakMap<Window, Counts>();
const byFleet = new WeakMap<Fleet, WeakMap<Calendar, Map<number, Counts>>>();

/**
 * What is left of the whole fleet at an instant, by model. Cores count for the model of which a node has most GPUs, and
 * are none where nobody asks for them.
 */
export function scarcityAt(
  state: State,
  atMs: number,
  { withCores, isPlain }: { readonly withCores: boolean; readonly isPlain: boolean },
): Scarcity {
  const span = { startMs: atMs, endMs: atMs + 1 };
  const counts = isPlain ? plainCounts(state, atMs) : windowCounts(packedOf(state).window(span));
  const leftovers = () => new Leftovers(state, span, isPlain);
  counts.gpus ??= gpusLeft(state.fleet, leftovers());
  if (withCores) counts.cores ??= coresLeft(state.fleet, leftovers());
  return { gpuMilli: counts.gpus, cpuMilli: withCores ? (counts.cores ?? noCores) : noCores };
}

const noCores = new Float64Array();

function windowCounts(window: Window): Counts {
  const known = byWindow.get(window) ?? {};
  byWindow.set(window, known);
  return known;
}

function plainCounts({ fleet, calendar }: State, atMs: number): Counts {
  const byCalendar = byFleet.get(fleet) ?? new WeakMap<Calendar, Map<number, Counts>>();
  byFleet.set(fleet, byCalendar);
  const byInstant = byCalendar.get(calendar) ?? new Map<number, Counts>();
  byCalendar.set(calendar, byInstant);
  const known = byInstant.get(atMs) ?? {};
  byInstant.set(atMs, known);
  return known;
}

function gpusLeft(fleet: Fleet, leftovers: Leftovers): Float64Array {
  const { models, masks } = stockOf(fleet);
  const left = new Float64Array(models.length);
  for (const node of fleet.nodes) {
    if (!node.schedulable || node.health === 'down') continue;
    for (const [model, gpus] of (masks.get(node.shape) ?? []).entries())
      if (gpus !== 0) left[model] = (left[model] ?? 0) + leftovers.gpuMilliOn(node, model);
  }
  return left;
}

function coresLeft(fleet: Fleet, leftovers: Leftovers): Float64Array {
  const { models, mainModel } = stockOf(fleet);
  const left = new Float64Array(models.length);
  for (const node of fleet.nodes) {
    if (!node.schedulable || node.health === 'down') continue;
    const model = mainModel[node.index] ?? 0;
    left[model] = (left[model] ?? 0) + leftovers.of(node, model).cpuMilli;
  }
  return left;
}
