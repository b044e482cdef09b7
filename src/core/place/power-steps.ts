import type { Demand } from '../../model/demand.ts';
import { type Free, wattsOn, withSizes } from './free.ts';
import { layoutOf } from './layout.ts';
import { limitNames, type PowerLimit } from './power.ts';
import type { Rooms } from './rooms.ts';
import type { Want } from './want.ts';

/** What every kind of limit leaves in turn, and then a cap on the whole gang where there is one. */
export function* afterPower(
  rooms: Rooms,
  { powerCapW }: Demand,
  free: Free,
): Generator<readonly [string, Free]> {
  let left = free;
  const tight = tightLimits(rooms, free);
  for (const name of limitNames) {
    left = withPower(
      rooms,
      left,
      tight.filter((limit) => limit.name === name),
    );
    yield [name, left];
  }
  if (powerCapW !== undefined) yield ['power-cap', underCap(left, powerCapW)];
}

/** The limits that do not carry all that is free under them. The others take nothing away. */
function tightLimits(rooms: Rooms, free: Free): readonly PowerLimit[] {
  const { limits, draws } = layoutOf(rooms.fleet);
  const { nodes, wants, sizes } = free;
  const watts = wattsOn(free);
  const drawnW = new Float64Array(draws.limits.length);
  for (let at = 0; at < sizes.length; at++) {
    const node = nodes[at];
    const want = wants[at];
    if (node === undefined || want === undefined) continue;
    const replicas = Math.floor((sizes[at] ?? 0) / Math.max(1, want.gpuCount));
    if (replicas === 0) continue;
    const number = draws.of[node.index] ?? -1;
    drawnW[number] = (drawnW[number] ?? 0) + replicas * watts(node, want);
  }
  const wantedW = new Float64Array(limits.length);
  for (let number = 0; number < drawnW.length; number++) {
    const powerW = drawnW[number] ?? 0;
    if (powerW === 0) continue;
    for (const { index } of draws.limits[number] ?? []) wantedW[index] = (wantedW[index] ?? 0) + powerW;
  }
  const { sight } = rooms;
  return limits.filter((limit) => {
    const powerW = wantedW[limit.index] ?? 0;
    if (powerW === 0 || sight?.surelyCarries(limit, powerW) === true) return false;
    return rooms.heeds(limit) && !rooms.carries(limit, powerW);
  });
}

/** What a kind of limit leaves, handed out in the order of the fleet, whole replicas at a time. */
function withPower(rooms: Rooms, free: Free, tight: readonly PowerLimit[]): Free {
  if (tight.length === 0) return free;
  const { limits } = layoutOf(rooms.fleet);
  /** By the number of the limit; not a number where it is not tight. */
  const leftW = new Float64Array(limits.length).fill(NaN);
  const isUnder = new Uint8Array(rooms.fleet.nodes.length);
  for (const limit of tight) {
    leftW[limit.index] = rooms.powerLeftW(limit);
    for (const { index } of limit.nodes) isUnder[index] = 1;
  }
  const watts = wattsOn(free);
  return withSizes(free, (node, want, size) => {
    if (isUnder[node.index] === 0) return size;
    const around = rooms.limitsOn(node);
    let left = Infinity;
    for (const { index } of around) if ((leftW[index] ?? NaN) < left) left = leftW[index] ?? NaN;
    const powerW = watts(node, want);
    const powered = inReplicas(want, size, powerW, left);
    for (const { index } of around) leftW[index] = (leftW[index] ?? NaN) - powered.replicas * powerW;
    return powered.size;
  });
}

/** What a cap on the whole gang leaves, handed out where least is drawn. */
function underCap(free: Free, capW: number): Free {
  const watts = wattsOn(free);
  const powerW = Float64Array.from(free.nodes, (node, at) => {
    const want = free.wants[at];
    return want === undefined ? 0 : watts(node, want);
  });
  const order = Uint32Array.from(powerW, (_, at) => at).toSorted(
    (a, b) => (powerW[a] ?? 0) - (powerW[b] ?? 0) || a - b,
  );
  const sizes = new Int32Array(free.sizes.length);
  let leftW = capW;
  for (const at of order) {
    const want = free.wants[at];
    if (want === undefined) continue;
    const eachW = powerW[at] ?? 0;
    const powered = inReplicas(want, free.sizes[at] ?? 0, eachW, leftW);
    leftW -= powered.replicas * eachW;
    sizes[at] = powered.size;
  }
  return { ...free, sizes };
}

/** Whole replicas that the watts left over carry. What cannot make up one counts as long as all others can. */
function inReplicas(
  want: Want,
  size: number,
  powerW: number,
  leftW: number,
): { readonly replicas: number; readonly size: number } {
  const each = Math.max(1, want.gpuCount);
  const wanted = Math.floor(size / each);
  const replicas = powerW === 0 ? wanted : Math.max(0, Math.min(wanted, Math.floor(leftW / powerW)));
  return { replicas, size: replicas === wanted ? size : replicas * each };
}
