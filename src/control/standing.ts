import { contractOf } from '../core/state.ts';
import type { Contract } from '../model/contract.ts';
import { ContractId } from '../model/id.ts';
import { requireOperator } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';

/** Contracts by id, and the time that they are to be judged by. */
export type Standing = {
  readonly nowMs: number;
  readonly contractOf: (id: string) => Contract | undefined;
};

/** Read anew each time: another process may have written since. Throws FORBIDDEN for anybody but the operator. */
export async function standingContracts(door: Door, caller: Caller): Promise<Standing> {
  requireOperator(caller, 'answer for all contracts');
  const { state, nowMs } = await door.moment();
  return {
    nowMs,
    contractOf: (text) => {
      const id = ContractId.safeParse(text);
      return id.success ? contractOf(state, id.data) : undefined;
    },
  };
}
