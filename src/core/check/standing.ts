import type { Fleet, FleetNode } from '../inventory/fleet.ts';

/** A fleet never changes, so who stands where is found out once for each question about it. */
const known = new WeakMap<Fleet, Map<string, readonly FleetNode[]>>();

/** The nodes of a fleet for which something is so that `question` names. Equal questions must mean equal answers. */
export function standing(
  fleet: Fleet,
  question: string,
  isSo: (node: FleetNode) => boolean,
): readonly FleetNode[] {
  const answers = known.get(fleet) ?? new Map<string, readonly FleetNode[]>();
  known.set(fleet, answers);
  const nodes = answers.get(question) ?? fleet.nodes.filter(isSo);
  answers.set(question, nodes);
  return nodes;
}
