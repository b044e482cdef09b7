import type { Holder, PlacedNode, RackPicture, Seat } from '../../model/picture-view.ts';
import type { PlanView } from '../../model/plan-view.ts';
import { columnsOf, type Line, type Room, span, wrap } from '../cards/line.ts';
import { legend, marksOf, seatRow } from './marks.ts';

/**
 * Where a plan sits among others: for each rack its nodes, a mark for each GPU, `A` for the plan. `racks` are pictures
 * over the time of the plan. Nothing where somebody has the screen read out: the table says the same.
 */
export function seatMap(plan: PlanView, racks: readonly RackPicture[], room: Room): Line[] {
  if (racks.length === 0 || room.spoken === true) return [];
  const taken = new Set(plan.parts.flatMap(({ members }) => members.flatMap(({ gpus }) => gpus)));
  const nodes = racks.map((rack) => ({
    rack,
    nodes: rack.nodes.map((node) => seated(node, taken, plan.id)),
  }));
  const holders = [{ id: plan.id, tenant: plan.tenant, gpuCount: taken.size }, ...holdersOf(racks)];
  const marks = marksOf(holders);
  const seats = nodes.flatMap((each) => each.nodes.flatMap((node) => node.seats));
  return [
    ...nodes.flatMap((each) => rackRows(each.rack.id, each.nodes, marks, room)),
    ...wrap(joined(legend(holders, seats)), columnsOf(room), 2),
  ];
}

/** The places of the GPUs that a plan would hold: those racks, each once. */
export function racksOf({ parts }: PlanView): readonly string[] {
  const nodes = parts.flatMap(({ members }) => members.map(({ node }) => node));
  return [
    ...new Set(nodes.flatMap((node) => (node.includes('/') ? [node.slice(0, node.lastIndexOf('/'))] : []))),
  ];
}

/** A node with the seats of the plan marked as its own. */
function seated(node: PlacedNode, taken: ReadonlySet<string>, plan: string): PlacedNode {
  const seats = node.seats.map((seat): Seat => {
    return taken.has(`${node.id}/gpu${seat.index}`) ? { ...seat, use: 'held', heldBy: [plan] } : seat;
  });
  return { ...node, seats };
}

/** A row for each rack, wrapped between nodes. */
function rackRows(
  rack: string,
  nodes: readonly PlacedNode[],
  marks: ReturnType<typeof marksOf>,
  room: Room,
): Line[] {
  const row = nodes.flatMap(({ id, seats }): Line => {
    return [span(` ${id.slice(id.lastIndexOf('/') + 1)}`), ...seatRow(seats, marks), { text: ' ' }];
  });
  return wrap([{ text: '  ' }, span(rack, 'strong'), span(' '), ...row], columnsOf(room), 4);
}

/** Holders of several racks, each once with all of its GPUs. */
function holdersOf(racks: readonly RackPicture[]): Holder[] {
  const known = new Map<string, Holder>();
  for (const holder of racks.flatMap(({ holders }) => holders)) {
    const gpuCount = (known.get(holder.id)?.gpuCount ?? 0) + holder.gpuCount;
    known.set(holder.id, { ...holder, gpuCount });
  }
  return [...known.values()];
}

function joined(lines: readonly Line[]): Line {
  return [{ text: '  ' }, ...lines.flatMap((line, i) => [...(i === 0 ? [] : [{ text: '   ' }]), ...line])];
}
