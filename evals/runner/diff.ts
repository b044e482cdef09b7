import type { State } from '../../src/core/state.ts';
import { type Contract, stateAt } from '../../src/model/contract.ts';
import { seatsOf } from '../../src/model/placement.ts';
import type { Outcome } from './outcome.ts';
import { shortList } from './recorder.ts';

/** A contract in the words of a report; one of them is missing where it is new or was never there. */
export type Change = {
  readonly contract: string;
  readonly before?: ContractLine;
  readonly after?: ContractLine;
};

type ContractLine = {
  readonly tenant: string;
  readonly state: string;
  readonly version: number;
  readonly gpus: number;
  readonly nodes: string;
  readonly from: string;
  readonly until: string;
  readonly price: string;
};

/** What a run did to contracts, one by one: what a reader of a report wants to see first. */
export function changesOf(
  before: State,
  { state, added, changed, ended, entries }: Outcome,
): readonly Change[] {
  const nowMs = entries.at(-1)?.atMs ?? 0;
  const touched = new Set([...added, ...changed].map(({ id }) => id));
  for (const id of ended) touched.add(id);
  const lines = (one: State) =>
    new Map(
      [...one.contracts].filter(({ id }) => touched.has(id)).map((contract) => [contract.id, contract]),
    );
  const [old, now] = [lines(before), lines(state)];
  return [...touched].map((id) => {
    const [was, is] = [old.get(id), now.get(id)];
    return {
      contract: id,
      ...(was === undefined ? {} : { before: lineOf(was, nowMs) }),
      ...(is === undefined ? {} : { after: lineOf(is, nowMs) }),
    };
  });
}

function lineOf(contract: Contract, nowMs: number): ContractLine {
  const { tenant, version, placement, price } = contract;
  const seats = seatsOf(placement);
  return {
    tenant,
    state: stateAt(contract, nowMs),
    version,
    gpus: seats.reduce((sum, { gpus }) => sum + gpus.length, 0),
    nodes: shortList([...new Set(seats.map(({ node }) => node))]),
    from: minuteOf(placement.startMs),
    until: placement.endMs === undefined ? 'no end' : minuteOf(placement.endMs),
    price:
      price.totalMicroEur === undefined ? 'unknown' : `${(price.totalMicroEur / 1_000_000).toFixed(2)} EUR`,
  };
}

function minuteOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
