import { type Edit, planChange } from '../core/life/change.ts';
import type { Breach } from '../core/observe/follow.ts';
import type { State } from '../core/state.ts';
import type { Contract } from '../model/contract.ts';
import type { Path } from '../model/id.ts';
import type { Remedy } from '../model/observation-result.ts';
import { seatsOf } from '../model/placement.ts';
import { hourS } from '../model/unit.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { keptResult } from './planning.ts';
import { verdictFor } from './ruling.ts';
import type { Moment } from './views/snapshot.ts';

type Asked = { readonly moment: Moment; readonly contract: Contract; readonly breach: Breach };
/** A way out, as a change that can be planned. */
export type Offer = Pick<Remedy, 'how' | 'what'> & { readonly edit: Edit };

/**
 * Ways out of a breach, each an ordinary plan that changes the contract, or the refusal of one: nothing is done, and
 * whoever may change the contract commits one. The node is replaced, or a spare takes its place, or what was lost is
 * added at the end.
 */
export async function remediesFor(door: Door, caller: Caller, asked: Asked): Promise<readonly Remedy[]> {
  const { moment, contract } = asked;
  const { state, nowMs: atMs } = moment;
  const offers = [
    ...movesOff(contract, nodesOf(state, contract, asked.breach.places)),
    ...extensionOf(contract, asked.breach.sinceMs, atMs),
  ];
  const remedies: Remedy[] = [];
  for (const { how, what, edit } of offers) {
    const answer = planChange(
      state,
      { atMs, verdictOf: (demand) => verdictFor(state, demand, atMs) },
      { contract: contract.id, edit },
    );
    const demand = answer.kind === 'planned' ? answer.plan.demand : contract.demand;
    const { plan, refusal } = await keptResult(door, caller, { moment, demand, answer });
    remedies.push({
      how,
      what,
      ...(plan === undefined ? {} : { plan }),
      ...(refusal === undefined ? {} : { refusal }),
    });
  }
  return remedies;
}

/** Off the nodes that break it: anywhere, and onto what it holds already where it has spares. */
export function movesOff(contract: Contract, nodes: readonly Path[]): readonly Offer[] {
  if (nodes.length === 0) return [];
  const away: Offer = { how: 'replace', what: `off ${nodes.join(', ')}`, edit: { avoid: nodes } };
  const { spares = [] } = contract.placement;
  const good = spares.filter(({ node }) => !nodes.includes(node));
  if (good.length === 0) return [away];
  const { survive: _survive, ...demand } = contract.demand;
  const held = [...new Set(seatsOf(contract.placement).map(({ node }) => node))];
  const left = held.filter((node) => !nodes.includes(node));
  const spare: Offer = {
    how: 'use-spare',
    what: `a spare stands in for ${nodes.join(', ')}, and no other is held`,
    edit: { demand: { ...demand, where: left }, end: endOf(contract) },
  };
  return [spare, away];
}

/** The nodes of the contract among the places, or around them. */
function nodesOf({ fleet }: State, { placement }: Contract, places: readonly Path[]): readonly Path[] {
  const held = [...new Set(seatsOf(placement).map(({ node }) => node))];
  return held.filter(
    (node) =>
      fleet.nodeById.has(node) && places.some((place) => place === node || place.startsWith(`${node}/`)),
  );
}

/** As long as the breach has lasted, in whole hours, at least one. */
export function extensionOf(contract: Contract, sinceMs: number, nowMs: number): readonly Offer[] {
  const { endMs } = contract.placement;
  if (endMs === undefined) return [];
  const hours = Math.max(1, Math.ceil((nowMs - sinceMs) / (hourS * 1000)));
  const end = { kind: 'at', atMs: endMs + hours * hourS * 1000 } as const;
  return [{ how: 'extend', what: `${hours} h more at its end`, edit: { end } }];
}

/** The same end as now: a demand that is said anew would have its own. */
function endOf({ placement: { endMs } }: Contract): NonNullable<Edit['end']> {
  return endMs === undefined ? { kind: 'open' } : { kind: 'at', atMs: endMs };
}
