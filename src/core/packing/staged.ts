import { Load } from './load.ts';
import type { Nodes } from './nodes.ts';
import type { Policy } from './policy.ts';

/** Per mille of the fleet in use, from which the later policy decides. */
const turnPerMille = 500;

/**
 * One policy while the fleet has room, another when it fills up. What keeps room for large requests early is not what
 * finds a place for the last ones: most that turn gain where CPUs or memory are scarce. Which one decides follows from
 * the nodes alone, so when enough has left the earlier one decides again.
 */
export function staged(early: Policy, late: Policy, nodes: Nodes): Policy {
  const load = new Load(nodes);
  let changesSeen = -1;
  let stage: 0 | 1 = 0;
  return {
    score: (node, shape) => now().score(node, shape),
    bonus: (model, shape) => now().bonus?.(model, shape) ?? 0,
    stage: stageNow,
    choose: (node, shape) => now().choose(node, shape),
  };

  function now(): Policy {
    return stageNow() === 0 ? early : late;
  }

  function stageNow(): 0 | 1 {
    if (changesSeen === nodes.changeCount) return stage;
    changesSeen = nodes.changeCount;
    stage = load.usedPerMille() < turnPerMille ? 0 : 1;
    return stage;
  }
}
