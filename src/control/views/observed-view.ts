import { gpuSecondsUsed } from '../../core/authority/act.ts';
import { usedMicroEur } from '../../core/life/used.ts';
import type { Standing } from '../../core/observe/follow.ts';
import { termNames } from '../../core/observe/judge.ts';
import type { State } from '../../core/state.ts';
import type { Contract } from '../../model/contract.ts';
import type { ObservedView, UseView } from '../../model/observed-view.ts';
import { isoIn } from '../zone.ts';
import { zoneOf } from './plan-view.ts';

/** Promised beside delivered, as the contract was looked at last. Terms that it has lost or gained since are left out. */
export function observedView(state: State, contract: Contract, { last, breach }: Standing): ObservedView {
  const zone = zoneOf(state, contract.demand);
  const promised = new Map(termNames(contract.terms).map(({ term, name }) => [name, term]));
  return {
    contract: contract.id,
    version: last.version,
    at: isoIn(last.atMs, zone),
    ...(breach === undefined ? {} : { breachedSince: isoIn(breach.sinceMs, zone), why: breach.why }),
    terms: last.findings.flatMap((finding) => {
      const term = promised.get(finding.term);
      return term === undefined ? [] : [{ ...finding, promise: term.promise, strength: term.strength }];
    }),
    use: useOf(contract, last),
    measurement: last.measurement,
  };
}

function useOf(contract: Contract, { atMs, busyMilli }: Standing['last']): UseView {
  const gpuCount = contract.placement.members.reduce((sum, { gpus }) => sum + gpus.length, 0);
  const { microEurPerHour } = contract.price;
  const busy = gpuCount * (busyMilli ?? 0);
  return {
    gpuSecondsHeld: gpuSecondsUsed(contract, atMs),
    usedMicroEur: usedMicroEur(contract, atMs),
    ...(busyMilli === undefined ? {} : { busyMilli }),
    ...(busy === 0 || microEurPerHour === undefined
      ? {}
      : { microEurPerBusyGpuHour: Math.floor((microEurPerHour * 1000) / busy) }),
  };
}
