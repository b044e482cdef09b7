import type { Contract } from '../../model/contract.ts';
import type { Shelf } from '../shelf.ts';
import { firstContract, type State } from '../state.ts';
import { gpuCountOf } from './loss.ts';

/** Stands in one number for a size and, among equals, for the number of the contract. */
const sizeStep = 2 ** 32;

/**
 * What is asked of thousands of contracts at a time, side by side in numbers: how large they are, and whether they are
 * of a kind of which something may be taken. Reading the contracts themselves would take longer than all that comes after.
 */
class Roll {
  #contracts: Shelf<Contract> | undefined;
  /** As they were read, by their place on the shelf. */
  #read: Contract[] = [];
  #gpuCounts = new Int32Array(0);
  #yielding = new Uint8Array(0);
  #yieldingCount = 0;

  /** Whether anything may be taken of any contract at all. */
  get isYielding(): boolean {
    return this.#yieldingCount > 0;
  }

  /** Numbers of contracts from the smallest on, those of one size in their order. */
  smallestFirst(numbers: Int32Array): Float64Array {
    const sized = Float64Array.from(
      numbers,
      (number) => (this.#gpuCounts[number - firstContract] ?? 0) * sizeStep + number,
    );
    return sized.toSorted().map((size) => size % sizeStep);
  }

  /** Moves to the contracts of a state: those that are others than before are read. */
  follow(contracts: Shelf<Contract>): void {
    if (contracts === this.#contracts) return;
    this.#contracts = contracts;
    if (contracts.size > this.#gpuCounts.length) this.#grow(contracts.size);
    for (let at = 0; at < contracts.size; at++) {
      const contract = contracts.at(at);
      if (contract !== undefined && contract !== this.#read[at]) this.#put(at, contract);
    }
    for (let at = contracts.size; at < this.#read.length; at++) this.#yield(at, 0);
    this.#read.length = contracts.size;
  }

  #put(at: number, contract: Contract): void {
    this.#read[at] = contract;
    this.#gpuCounts[at] = gpuCountOf(contract);
    this.#yield(at, Number((contract.demand.guarantee ?? 'reserved') !== 'reserved'));
  }

  #yield(at: number, yielding: number): void {
    this.#yieldingCount += yielding - (this.#yielding[at] ?? 0);
    this.#yielding[at] = yielding;
  }

  #grow(least: number): void {
    const size = Math.ceil(least * 1.25) + 64;
    const before = { gpuCounts: this.#gpuCounts, yielding: this.#yielding };
    this.#gpuCounts = new Int32Array(size);
    this.#yielding = new Uint8Array(size);
    this.#gpuCounts.set(before.gpuCounts);
    this.#yielding.set(before.yielding);
  }
}

/** Contracts come with their fleet, and most questions are about one state of it or its next one. */
const known = new WeakMap<State['fleet'], Roll>();

/** The roll of a state's contracts, which stands as long as no other state of the fleet is asked about. */
export function rollOf({ fleet, contracts }: Pick<State, 'fleet' | 'contracts'>): Roll {
  const roll = known.get(fleet) ?? new Roll();
  known.set(fleet, roll);
  roll.follow(contracts);
  return roll;
}
