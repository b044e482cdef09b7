import { digestOf } from '../model/canonical.ts';
import type { Digest } from '../model/id.ts';
import { compareText } from '../model/text.ts';
import type { State } from './state.ts';

/**
 * One number for everything a state says: two folds that agree on it agree on tenants, contracts, the fleet
 * as decisions see it and every interval of the calendar.
 */
export function digestState(state: State): Digest {
  return digestOf({
    seq: state.seq,
    inventory: state.inventoryDigest,
    calendar: state.calendarDigest,
    ...(state.governance.digest === undefined ? {} : { governance: state.governance.digest }),
    tenants: [...state.tenants.values()].toSorted((a, b) => compareText(a.id, b.id)),
    // One by one: all of them together may be longer than a string can be.
    contracts: [...state.contracts].map(digestOf),
    leases: [...state.leases.values()],
    ...(state.authority.digest === undefined ? {} : { authority: state.authority.digest }),
    ...(state.bindings.size === 0 ? {} : { bindings: [...state.bindings.values()] }),
    ...(state.observed.size === 0 ? {} : { observed: [...state.observed] }),
    ...(state.templates.size === 0 ? {} : { templates: [...state.templates.values()].flat().map(digestOf) }),
    ...(state.runs.all.size === 0
      ? {}
      : { runs: [...state.runs.all].map(digestOf), proposals: [...state.runs.proposals] }),
    maintenance: [...state.maintenance.values()],
    bandwidth: [...state.bandwidth]
      .toSorted(([a], [b]) => compareText(a, b))
      .map(([edge, holds]) => [edge, [...holds]]),
    nodes: state.fleet.nodes.map((node) => ({
      id: node.id,
      hostName: node.hostName,
      schedulable: node.schedulable,
      health: node.health,
      down: node.downMask,
      gpus: [...node.shape.gpus],
      islands: [...node.shape.islands],
      rails: node.shape.railOf.map((nic) => nic ?? null),
      holds: (state.calendar[node.index] ?? []).map(({ slices, ...hold }) => ({
        ...hold,
        nics: [...hold.nics],
        ...(slices === undefined ? {} : { slices: [...slices] }),
      })),
    })),
  });
}
